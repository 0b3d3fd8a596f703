"""`/api/devices/{key}/series`: readings over time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import conditional_page
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view
from pydantic import AfterValidator, Field

from powerdash.devices.selectors import device_get
from powerdash.lib import clock
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry.quantities import QUANTITIES, USUAL
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.series import PhaseSeries, Series, SeriesQuery, series
from powerdash.web import present
from powerdash.web.api.access import reads, viewer_of_request
from powerdash.web.api.answers import SeriesAnswer
from powerdash.web.api.devices import REFUSALS
from powerdash.web.api.tables import (
    Format,
    accepted,
    arrow_answer,
    csv_answer,
    json_at_once,
)
from powerdash.web.moments import EARLIEST, Moment

router = Router(tags=["series"])
POINTS = 2_000
POINTS_MAX = 5_000
FIGURES = ("avg", "min", "max")


def _fields(value: str) -> str:
    for name in filter(None, value.split(",")):
        if name not in QUANTITIES:
            raise ValueError(f"choose among {', '.join(QUANTITIES)}")
    return value


def _zone(value: str) -> str:
    if value and value not in available_timezones():
        raise ValueError("choose an IANA zone, such as Europe/Berlin")
    return value


class SeriesFilters(Schema):
    """What is asked, and how it is to be told."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    fields: Annotated[str, Field(max_length=200), AfterValidator(_fields)] = ",".join(
        USUAL
    )
    max_points: Annotated[int, Field(ge=1, le=POINTS_MAX)] = POINTS
    tier: Literal["auto", "raw", "5m", "1h", "1d"] = "auto"
    agg: Literal["envelope", "mean", "lttb"] = "envelope"
    tz: Annotated[str, Field(max_length=60), AfterValidator(_zone)] = ""

    def span(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the range; the last hour by default.

        Raises:
            FieldsInvalid: It ends before it begins.
        """
        until = self.until or at
        since = self.since or max(EARLIEST, until - timedelta(hours=1))
        if since >= until:
            raise FieldsInvalid({"to": ["Choose a time after `from`."]})
        return since, until

    @property
    def names(self) -> list[str]:
        """The fields, each once."""
        return list(dict.fromkeys(filter(None, self.fields.split(",")))) or list(USUAL)


@router.get(
    "/devices/{key}/series", response={200: SeriesAnswer, **REFUSALS}, auth=reads
)
@decorate_view(conditional_page)
def device_series(
    request: HttpRequest, key: str, filters: Query[SeriesFilters]
) -> HttpResponse:
    """Return a device's readings by column, for a chart; the last hour by default."""
    device = device_get(viewer_of_request(request), key)
    since, until = filters.span(clock.now())
    query = SeriesQuery(
        since=since,
        until=until,
        quantities=[QUANTITIES[name] for name in filters.names],
        max_points=filters.max_points,
        tier=None if filters.tier == "auto" else Tier(filters.tier),
        reduction=filters.agg,
    )
    found = series(device_id=device.pk, query=query)
    return _answer(request, query, found, filters.tz or found.zone)


def _answer(
    request: HttpRequest, query: SeriesQuery, found: Series, zone: str
) -> HttpResponse:
    units = {quantity.name: quantity.unit for quantity in query.quantities}
    match accepted(request):
        case Format.CSV:
            response = csv_answer(_header(query, zone), _lines(query, found, zone))
        case Format.ARROW:
            response = arrow_answer(_columns(query, found), {**units, "timezone": zone})
        case _:
            response = json_at_once(
                {
                    "from": present.moment(query.since),
                    "to": present.moment(query.until),
                    "step_s": found.step_s,
                    "tier": found.tier,
                    "agg": query.reduction,
                    "timezone": zone,
                    "watermark": found.watermark and present.moment(found.watermark),
                    "units": units,
                    "columns": list(units),
                    "phases": [_phase(each) for each in found.phases],
                }
            )
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept, Cookie"
    return response


def _phase(found: PhaseSeries) -> dict[str, Any]:
    return {
        "phase": found.phase,
        "completeness": round(found.completeness, 6),
        "ts": found.ts,
        **found.values,
    }


def _figures(query: SeriesQuery) -> tuple[str, ...]:
    return FIGURES if query.reduction == "envelope" else FIGURES[:1]


def _header(query: SeriesQuery, zone: str) -> list[str]:
    return [
        f"time ({zone})",
        "phase",
        *(
            f"{figure} {quantity.name}"
            + (f" ({quantity.unit})" if quantity.unit else "")
            for quantity in query.quantities
            for figure in _figures(query)
        ),
    ]


def _lines(query: SeriesQuery, found: Series, zone: str) -> Iterator[list[Any]]:
    place = ZoneInfo(zone)
    for phase in found.phases:
        columns = [
            phase.values[quantity.name][figure]
            for quantity in query.quantities
            for figure in _figures(query)
        ]
        for second, *values in zip(phase.ts, *columns, strict=True):
            at = datetime.fromtimestamp(second, place).isoformat()
            yield [at, phase.phase, *values]


def _columns(query: SeriesQuery, found: Series) -> dict[str, list[Any]]:
    import pyarrow

    table: dict[str, list[Any]] = {"ts": [], "phase": []}
    for phase in found.phases:
        table["ts"] += phase.ts
        table["phase"] += [phase.phase] * len(phase.ts)
        for quantity in query.quantities:
            for figure in _figures(query):
                table.setdefault(f"{figure}_{quantity.name}", []).extend(
                    phase.values[quantity.name][figure]
                )
    table["ts"] = pyarrow.array(table["ts"], pyarrow.timestamp("s", "UTC"))
    return table
