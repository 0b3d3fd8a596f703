"""`/api/devices/{key}/series` and `/api/series`: readings over time."""

import json
from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import conditional_page
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view
from pydantic import AfterValidator, Field

from powerdash.accounts.viewer import Viewer
from powerdash.devices.selectors import DeviceQuery, device_ids, device_list
from powerdash.lib import clock
from powerdash.lib.fields import FieldsInvalid
from powerdash.lib.zones import is_zone
from powerdash.telemetry.quantities import QUANTITIES, USUAL
from powerdash.telemetry.reduction import Column
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.series import FIGURES, PhaseSeries, Series, SeriesQuery, series
from powerdash.telemetry.total_series import (
    TOTAL_UNITS,
    TotalQuery,
    TotalSeries,
    total_series,
)
from powerdash.web import present
from powerdash.web.api.access import reads, viewer_of_request
from powerdash.web.api.answers import SeriesAnswer, TotalSeriesAnswer
from powerdash.web.api.devices import REFUSALS
from powerdash.web.api.tables import (
    Format,
    accepted,
    arrow_answer,
    csv_answer,
    json_at_once,
)
from powerdash.web.api.texts import PlainText
from powerdash.web.moments import EARLIEST, Moment
from powerdash.web.packing import pack, takes_gzip

router = Router(tags=["series"])
POINTS = 2_000
POINTS_MAX = 10_000  # a year of hours
STEP_MAX_S = 366 * 86_400
DEVICES_MAX = 100  # that one question may name


def _named(fields: str) -> list[str]:
    """Return the fields of a list parted by commas, each once."""
    return list(dict.fromkeys(filter(None, fields.split(","))))


def _among(known: Set[str], value: str) -> str:
    if not known >= set(_named(value)):
        raise ValueError(f"choose among {', '.join(known)}")
    return value


_fields = partial(_among, QUANTITIES.keys())
_totals = partial(_among, TOTAL_UNITS.keys())


def zone_named(value: str) -> str:
    """Check the name of a zone; empty leaves it to us."""
    if value and not is_zone(value):
        raise ValueError("choose an IANA zone, such as Europe/Berlin")
    return value


class RangeFilters(Schema):
    """What is asked of any series."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    max_points: Annotated[int, Field(ge=1, le=POINTS_MAX)] = POINTS
    tier: Literal["auto", "raw", "5m", "1h", "1d"] = "auto"
    step_s: Annotated[int | None, Field(ge=1, le=STEP_MAX_S)] = None
    tz: Annotated[str, Field(max_length=60), AfterValidator(zone_named)] = ""

    def span(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the range; the last hour by default.

        Raises:
            FieldsInvalid: It ends before it begins, or has too many steps.
        """
        until = self.until or at
        since = self.since or max(EARLIEST, until - timedelta(hours=1))
        if since >= until:
            raise FieldsInvalid({"to": ["Choose a time after `from`."]})
        steps = (until - since) / timedelta(seconds=self.step_s or STEP_MAX_S)
        if steps > POINTS_MAX:
            said = f"The range has {steps:,.0f} such steps; at most {POINTS_MAX:,}."
            raise FieldsInvalid({"step_s": [said]})
        return since, until

    @property
    def wanted_tier(self) -> Tier | None:
        """The tier asked for; None leaves the choice to us."""
        return None if self.tier == "auto" else Tier(self.tier)


class SeriesFilters(RangeFilters):
    """What is asked of one device."""

    fields: Annotated[str, Field(max_length=200), AfterValidator(_fields)] = ",".join(
        USUAL
    )
    agg: Literal["envelope", "mean", "lttb"] = "envelope"

    @property
    def names(self) -> list[str]:
        """The fields, each once."""
        return _named(self.fields) or list(USUAL)


class TotalFilters(RangeFilters):
    """What is asked of several devices; without any, of all the organization's."""

    fields: Annotated[str, Field(max_length=200), AfterValidator(_totals)] = ""
    agg: Literal["envelope", "mean", "lttb"] = "mean"
    devices: Annotated[PlainText, Field(max_length=40 * DEVICES_MAX)] = ""
    tags: Annotated[PlainText, Field(max_length=1300)] = ""


@router.get(
    "/devices/{key}/series", response={200: SeriesAnswer, **REFUSALS}, auth=reads
)
@decorate_view(conditional_page)
def device_series(
    request: HttpRequest, key: str, filters: Query[SeriesFilters]
) -> HttpResponse:
    """Return a device's readings by column, for a chart; the last hour by default."""
    [device_id] = device_ids(viewer_of_request(request), [key])
    at = clock.now()
    since, until = filters.span(at)
    _refuse_step(filters.step_s, filters.agg)
    query = SeriesQuery(
        since=since,
        until=until,
        quantities=[QUANTITIES[name] for name in filters.names],
        max_points=filters.max_points,
        at=at,
        tier=filters.wanted_tier,
        step_s=filters.step_s,
        reduction=filters.agg,
    )
    found = series(device_id=device_id, query=query)
    return _answer(request, query, found, filters.tz or found.zone)


@router.get("/series", response={200: TotalSeriesAnswer, **REFUSALS}, auth=reads)
@decorate_view(conditional_page)
def total(request: HttpRequest, filters: Query[TotalFilters]) -> HttpResponse:
    """Return what devices give together: power and energy summed, voltage averaged."""
    viewer = viewer_of_request(request)
    at = clock.now()
    since, until = filters.span(at)
    _refuse_step(filters.step_s, filters.agg)
    query = TotalQuery(
        organization_id=viewer.organization_id,
        since=since,
        until=until,
        max_points=filters.max_points,
        at=at,
        tier=filters.wanted_tier,
        step_s=filters.step_s,
        reduction=filters.agg,
        device_ids=chosen_devices(viewer, filters.devices, filters.tags),
    )
    found = total_series(query)
    zone = filters.tz or viewer.timezone
    names = _named(filters.fields) or list(TOTAL_UNITS)
    facts = _facts(found, found.completeness)
    units = {name: TOTAL_UNITS[name] for name in names}
    columns = _total_columns(found, names)
    if accepted(request) is Format.CSV:
        header = [
            f"time ({zone})",
            *(f"{' '.join(at)} ({units[at[-1]]})" for at in columns),
        ]
        place = ZoneInfo(zone)
        rows = (
            [datetime.fromtimestamp(second, place).isoformat(), *values]
            for second, *values in zip(found.ts, *columns.values(), strict=True)
        )
        return _sent(request, _with_facts(csv_answer(header, rows), facts))
    if accepted(request) is Format.ARROW:
        named = {"_".join(at): column for at, column in columns.items()}
        table: dict[str, list[Any]] = {"ts": found.ts, **named}
        response = arrow_answer(table, {**units, "timezone": zone, **facts})
        return _sent(request, _with_facts(response, facts))
    return _sent(
        request,
        json_at_once(
            {
                "from": present.moment(since),
                "to": present.moment(until),
                "step_s": found.step_s,
                "tier": found.tier,
                "agg": filters.agg,
                "timezone": zone,
                "watermark": found.watermark and present.moment(found.watermark),
                "units": units,
                "columns": names,
                "completeness": _share(found.completeness),
                "ts": found.ts,
                **{name: _total_column(found, name) for name in names},
            }
        ),
    )


def _refuse_step(step_s: int | None, agg: str) -> None:
    if step_s and agg == "lttb":
        raise FieldsInvalid({"step_s": ["Leave it out with agg=lttb."]})


def _total_column(found: TotalSeries, name: str) -> Column | dict[str, Column]:
    """Return a figure as JSON gives it: of an envelope with its extremes."""
    if name not in found.extents:
        return found.values[name]
    least, most = found.extents[name]
    return {"avg": found.values[name], "min": least, "max": most}


def _total_columns(
    found: TotalSeries, names: Sequence[str]
) -> dict[tuple[str, ...], Column]:
    """Return the columns of a table by the words of their names."""
    columns: dict[tuple[str, ...], Column] = {}
    for name in names:
        column = _total_column(found, name)
        if isinstance(column, dict):
            columns |= {(figure, name): each for figure, each in column.items()}
        else:
            columns[name,] = column
    return columns


def chosen_devices(viewer: Viewer, devices: str, tags: str) -> list[int] | None:
    """Return the ids of the devices asked for; None when none was named.

    Args:
        devices: Ids or UUIDs, parted by commas. tags: Devices that have all of them.

    Raises:
        Device.DoesNotExist: One named is none of the viewer's.
        FieldsInvalid: Too many are named.
    """
    keys = [key.strip() for key in devices.split(",") if key.strip()]
    wanted = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if not keys and not wanted:
        return None
    if len(keys) > DEVICES_MAX:
        raise FieldsInvalid({"devices": [f"Name at most {DEVICES_MAX}."]})
    ids = device_ids(viewer, keys)
    if wanted:
        found = device_list(viewer, DeviceQuery(tags=wanted))
        ids |= set(found.values_list("pk", flat=True))
    return sorted(ids)


def _answer(
    request: HttpRequest, query: SeriesQuery, found: Series, zone: str
) -> HttpResponse:
    units = {quantity.name: quantity.unit for quantity in query.quantities}
    facts = _facts(found, {each.phase: each.completeness for each in found.phases})
    match accepted(request):
        case Format.CSV:
            table = csv_answer(_header(query, zone), _lines(query, found, zone))
            response = _with_facts(table, facts)
        case Format.ARROW:
            metadata = {**units, "timezone": zone, **facts}
            table = arrow_answer(_columns(query, found), metadata)
            response = _with_facts(table, facts)
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
    return _sent(request, response)


def _facts(found: Series | TotalSeries, completeness: object) -> dict[str, str]:
    """Return what JSON says beside the numbers, for tables."""
    return {
        "tier": found.tier,
        "step_s": str(found.step_s),
        "watermark": present.moment(found.watermark) if found.watermark else "",
        "completeness": json.dumps(completeness),
    }


def _with_facts(response: HttpResponse, facts: dict[str, str]) -> HttpResponse:
    for name, value in facts.items():
        response[f"X-Series-{name.replace('_', '-')}"] = value
    return response


def _sent(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the browser keep an answer, and ask each time whether it still holds."""
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept, Cookie, Accept-Encoding"
    if takes_gzip(request):
        pack(response)
    return response


def _share(completeness: float | None) -> float | None:
    return None if completeness is None else round(completeness, 6)


def _phase(found: PhaseSeries) -> dict[str, Any]:
    return {
        "phase": found.phase,
        "completeness": _share(found.completeness),
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
    names = {
        f"{figure}_{quantity.name}": (quantity.name, figure)
        for quantity in query.quantities
        for figure in _figures(query)
    }
    table: dict[str, list[Any]] = {name: [] for name in ("ts", "phase", *names)}
    for phase in found.phases:
        table["ts"] += phase.ts
        table["phase"] += [phase.phase] * len(phase.ts)
        for name, (quantity_name, figure) in names.items():
            table[name] += phase.values[quantity_name][figure]
    return table
