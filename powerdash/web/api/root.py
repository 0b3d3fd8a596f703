"""The JSON API: its rooms, its way to refuse, its description."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError

from powerdash import __version__
from powerdash.web.api.devices import router as devices
from powerdash.web.api.events import router as events
from powerdash.web.api.exports import router as exports
from powerdash.web.api.markers import router as markers
from powerdash.web.api.overview import router as overview
from powerdash.web.api.rejections import router as rejections
from powerdash.web.api.retention import router as retention
from powerdash.web.api.series import router as series
from powerdash.web.auth import Unauthenticated
from powerdash.web.errors import TABLE, refused

api = NinjaAPI(
    title="powerdash",
    version=__version__,
    description="Devices, their readings and what happened to them. Sign in first;"
    " requests that change something send the cookie XSRF-TOKEN back in the header"
    " X-XSRF-TOKEN. Devices post to /api/ingest, which docs/reference describes.",
)
api.add_router("", overview)
api.add_router("/devices", devices)
api.add_router("", series)
api.add_router("", markers)
api.add_router("", exports)
api.add_router("", retention)
api.add_router("", rejections)
api.add_router("/events", events)


def _answer(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, AuthenticationError):
        error = Unauthenticated()
    response = refused(request, error)
    if response is None:
        raise error
    return response


_handler: Callable[..., HttpResponse] = _answer
for _kind in (*TABLE, HttpError):
    api.add_exception_handler(_kind, _handler)
