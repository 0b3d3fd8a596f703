"""`/api/devices/{key}/export` and `/api/export`: ranges as files."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import AfterValidator, Field

from powerdash.accounts.viewer import Viewer
from powerdash.devices.selectors import device_get
from powerdash.lib import clock
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry.exporting.columns import columns_of
from powerdash.telemetry.exporting.files import FileFormat, csv_lines, encode
from powerdash.telemetry.exporting.rows import ExportQuery, batches, cursor_read
from powerdash.telemetry.rollup import Tier
from powerdash.web.api.access import reads, viewer_of_request
from powerdash.web.api.devices import REFUSALS
from powerdash.web.api.series import DEVICES_MAX, chosen_devices, zone_named
from powerdash.web.api.texts import PlainText
from powerdash.web.moments import EARLIEST, Moment
from powerdash.web.packing import packed, takes_gzip

router = Router(tags=["exports"])
FILES = {200: Any, **REFUSALS}


class ExportFilters(Schema):
    """What is exported, and as what."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    tier: Literal["raw", "5m", "1h", "1d"] = "raw"
    format: Literal["csv", "parquet", "xlsx"] = "csv"
    cursor: Annotated[PlainText, Field(max_length=200)] = ""
    tz: Annotated[str, Field(max_length=60), AfterValidator(zone_named)] = ""

    def query(
        self, viewer: Viewer, device_ids: list[int] | None, at: datetime
    ) -> ExportQuery:
        """Return what is asked of the rows.

        Raises:
            CursorInvalid: The cursor is none.
            FieldsInvalid: The range is empty, or the format cannot be gone on with.
        """
        since, until = self.since or EARLIEST, self.until or at
        if since >= until:
            raise FieldsInvalid({"to": ["Choose a time after `from`."]})
        if self.cursor and self.format != "csv":
            raise FieldsInvalid({"cursor": ["Only format=csv can be gone on with."]})
        return ExportQuery(
            organization_id=viewer.organization_id,
            tier=Tier(self.tier),
            since=since,
            until=until,
            device_ids=device_ids,
            after=cursor_read(self.cursor) if self.cursor else None,
        )


class OrganizationExportFilters(ExportFilters):
    """The same of several devices; without any, of all the organization's."""

    devices: Annotated[PlainText, Field(max_length=40 * DEVICES_MAX)] = ""
    tags: Annotated[PlainText, Field(max_length=1300)] = ""


@router.get("/devices/{key}/export", response=FILES, auth=reads)
def device_export(
    request: HttpRequest, key: str, filters: Query[ExportFilters]
) -> StreamingHttpResponse:
    """Return a device's readings or rollups as a file."""
    viewer = viewer_of_request(request)
    device = device_get(viewer, key)
    return _file(request, filters, [device.pk], name=device.slug)


@router.get("/export", response=FILES, auth=reads)
def organization_export(
    request: HttpRequest, filters: Query[OrganizationExportFilters]
) -> StreamingHttpResponse:
    """Return the readings or rollups of an organization, or some of it, as a file."""
    viewer = viewer_of_request(request)
    ids = chosen_devices(viewer, filters.devices, filters.tags)
    return _file(request, filters, ids, name="powerdash")


def _file(
    request: HttpRequest, filters: ExportFilters, ids: list[int] | None, *, name: str
) -> StreamingHttpResponse:
    viewer = viewer_of_request(request)
    at = clock.now()
    query = filters.query(viewer, ids, at)
    form, zone = FileFormat(filters.format), filters.tz or viewer.timezone
    rows = batches(query)
    first = next(rows, [])  # so that a wrong cursor is told before the file begins
    pieces = _pieces(first, rows)
    data = (
        csv_lines(pieces, zone)
        if query.after
        else encode(pieces, columns=columns_of(query.tier), zone=zone, form=form)
    )
    headers = {"Vary": "Accept-Encoding"}
    if form is FileFormat.CSV and takes_gzip(request):  # the others are packed
        data, headers["Content-Encoding"] = packed(data), "gzip"
    file = f"{name}-{query.tier}-{at:%Y%m%dT%H%M%SZ}.{form}"
    return StreamingHttpResponse(
        _awaited(data) if isinstance(request, ASGIRequest) else data,
        content_type=form.media_type,
        headers=headers | {"Content-Disposition": f'attachment; filename="{file}"'},
    )


def _pieces(first: list[Any], rest: Iterator[list[Any]]) -> Iterator[list[Any]]:
    if first:
        yield first
    yield from rest


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Take each piece in the request's thread: Django would take them all at once."""
    taking = sync_to_async(lambda: next(pieces, None))
    while (piece := await taking()) is not None:
        yield piece
