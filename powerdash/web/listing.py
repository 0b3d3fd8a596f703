"""One part of the device list, for the page and the API alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import F, OrderBy

from powerdash.accounts.viewer import Viewer
from powerdash.devices.selectors import SORTS, DeviceQuery, device_list
from powerdash.telemetry.power import device_power
from powerdash.web import present
from powerdash.web.props import DeviceRowProps, PageProps

PER_PAGE = 25
PER_PAGE_MAX = 200
PAGE_MAX = 1_000_000
_SORTS = {**SORTS, "power": F("power_w").asc(nulls_first=True)}
SORT_NAMES = [*_SORTS, *(f"-{name}" for name in _SORTS)]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the list, in which order; `sort` is one of `SORT_NAMES`."""

    page: int = 1
    per_page: int = PER_PAGE
    sort: str = "name"


def device_part(
    viewer: Viewer, query: DeviceQuery, part: Part, *, at: datetime
) -> tuple[list[DeviceRowProps], PageProps]:
    """Return one part of the viewer's devices and which part it is."""
    found = device_list(viewer, query)
    total = found.count()
    start = (part.page - 1) * part.per_page
    rows = (
        found.annotate(power_w=device_power(at=at))
        .defer("metadata", "secret_hash")
        .order_by(*_order(part.sort))[start : start + part.per_page]
    )
    shown = [present.device_row(row, cast(Any, row).power_w) for row in rows]
    pages = max(1, -(-total // part.per_page))
    return shown, PageProps(part.page, part.per_page, total, pages)


def _order(sort: str) -> tuple[OrderBy, str, str]:
    order = _SORTS[sort.removeprefix("-")].copy()
    if sort.startswith("-"):
        order.reverse_ordering()
    return order, "name", "id"
