"""The load curve of the last minutes, for the overview and the API alike."""

from datetime import datetime, timedelta

from powerdash.accounts.viewer import Viewer
from powerdash.telemetry import selectors as telemetry
from powerdash.web import present
from powerdash.web.props import CurveProps

MINUTES_MAX = 1440
POINTS = 360


def load_curve(viewer: Viewer, *, minutes: int, at: datetime) -> CurveProps:
    """Return the load of the viewer's organization, in some 360 steps."""
    found = telemetry.curve(
        organization_id=viewer.organization_id,
        since=at - timedelta(minutes=minutes),
        until=at,
        step_s=max(1, minutes * 60 // POINTS),
    )
    return present.curve(found)
