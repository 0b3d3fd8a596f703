"""The one table from an error to what is answered: a status, a code and a sentence."""

import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.db.models import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.shortcuts import redirect
from django.utils.http import urlencode
from ninja.errors import HttpError, ValidationError
from redis.exceptions import RedisError

from powerdash.accounts.login import LoginRefused
from powerdash.accounts.throttle import LoginThrottled
from powerdash.accounts.viewer import ScopeMissing
from powerdash.devices.services import DeviceChangedMeanwhile, DeviceDecommissioned
from powerdash.devices.status import TransitionNotAllowed
from powerdash.events.selectors import CursorInvalid
from powerdash.lib.fields import FieldsInvalid
from powerdash.lib.pusher import NameInvalid
from powerdash.telemetry.exporting.rows import CursorInvalid as RowInvalid
from powerdash.web.auth import (
    NoOrganization,
    TokenMissing,
    Unauthenticated,
    denial_record,
)

log = structlog.get_logger(__name__)

# The most special first. A sentence of None is the error's own.
TABLE: dict[type[Exception], tuple[HTTPStatus, str, str | None]] = {
    FieldsInvalid: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        "Some fields cannot be taken as they are.",
    ),
    ValidationError: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        "Some fields cannot be taken as they are.",
    ),
    CursorInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", None),
    RowInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", None),
    NameInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", None),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, "unauthenticated", None),
    LoginRefused: (HTTPStatus.UNPROCESSABLE_ENTITY, "login_refused", None),
    LoginThrottled: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", None),
    TokenMissing: (HTTPStatus.FORBIDDEN, "csrf", None),
    ScopeMissing: (HTTPStatus.FORBIDDEN, "permission_denied", None),
    NoOrganization: (HTTPStatus.FORBIDDEN, "no_organization", None),
    PermissionDenied: (
        HTTPStatus.FORBIDDEN,
        "permission_denied",
        "You may not do this.",
    ),
    ObjectDoesNotExist: (HTTPStatus.NOT_FOUND, "not_found", "This does not exist."),
    Http404: (HTTPStatus.NOT_FOUND, "not_found", "This does not exist."),
    TransitionNotAllowed: (HTTPStatus.CONFLICT, "transition_not_allowed", None),
    DeviceChangedMeanwhile: (HTTPStatus.CONFLICT, "changed_meanwhile", None),
    DeviceDecommissioned: (HTTPStatus.CONFLICT, "decommissioned", None),
    OperationalError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "The database does not answer: try again in a moment.",
    ),
    RedisError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "The cache does not answer: try again in a moment.",
    ),
    SuspiciousOperation: (
        HTTPStatus.BAD_REQUEST,
        "bad_request",
        "The request cannot be understood.",
    ),
    BadRequest: (
        HTTPStatus.BAD_REQUEST,
        "bad_request",
        "The request cannot be understood.",
    ),
    RawPostDataException: (HTTPStatus.BAD_REQUEST, "bad_request", None),
    UnreadablePostError: (HTTPStatus.BAD_REQUEST, "bad_request", None),
}
_HTTP_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.FORBIDDEN: "permission_denied",
    HTTPStatus.NOT_FOUND: "not_found",
}
FAILED = "Something went wrong on our side: try again, and tell us if it stays."
STALE = "The page was open too long: load it again and repeat what you did."


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered instead.

    Attributes:
        errors: Sentences by field; only with 422.
    """

    status: int
    code: str
    message: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> HttpResponse:
        """Return it as the API answers."""
        body: dict[str, Any] = {"error": self.code, "message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return JsonResponse(body, status=self.status, headers=self.headers)


def refusal_of(error: BaseException | None) -> Refusal | None:
    """Return what to answer to an error, or None if it was not to be expected."""
    if isinstance(error, HttpError):
        status = HTTPStatus(error.status_code)
        return Refusal(status, _HTTP_CODES.get(status, "refused"), f"{error}.")
    for kind, (status, code, sentence) in TABLE.items():
        if isinstance(error, kind):
            return Refusal(
                status,
                code,
                sentence or str(error),
                errors=_fields_of(error),
                headers=_headers_of(error),
            )
    return None


def _fields_of(error: BaseException) -> dict[str, list[str]]:
    if isinstance(error, FieldsInvalid):
        return error.errors
    if isinstance(error, CursorInvalid | RowInvalid):
        return {"cursor": [str(error)]}
    if isinstance(error, ValidationError):
        return _fields_of_schema(error)
    return {}


def _fields_of_schema(error: ValidationError) -> dict[str, list[str]]:
    """Return the mistakes by field: a place is `body`, the schema, the field, …."""
    found: dict[str, list[str]] = {}
    for mistake in error.errors:
        place = [part for part in mistake["loc"] if isinstance(part, str)]
        name = place[-1] if len(place) < 3 else place[2]
        sentence = f"{str(mistake['msg']).removeprefix('Value error, ').rstrip('.')}."
        if sentence not in found.setdefault(name, []):
            found[name].append(sentence)
    return found


def _headers_of(error: BaseException) -> dict[str, str]:
    if isinstance(error, LoginThrottled):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, OperationalError | RedisError):
        return {"Retry-After": "1"}
    return {}


def refused(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Answer an expected error as the one who asks understands it; record denials."""
    refusal = refusal_of(error)
    if refusal is None:
        return None
    if isinstance(error, ScopeMissing):
        denial_record(request, error.scope)
    if isinstance(error, Unauthenticated) and not speaks_json(request):
        return redirect(_login_path(request.get_full_path(), request.method))
    if isinstance(error, Unauthenticated) and _is_visit(request):
        # A link to a file, on a page whose session has ended: back to the page then.
        page = urlsplit(request.headers.get("Referer", ""))
        return redirect(_login_path(page._replace(scheme="", netloc="").geturl()))
    return answer(request, refusal)


def speaks_json(request: HttpRequest) -> bool:
    """Tell whether a program asks rather than a page."""
    return request.path.startswith(("/api/", "/broadcasting/"))


def _is_visit(request: HttpRequest) -> bool:
    """Tell whether a browser is about to show the answer. Source: Fetch Metadata."""
    return request.headers.get("Sec-Fetch-Mode") == "navigate"


def _login_path(wanted: str, method: str | None = "GET") -> str:
    is_page = method == "GET" and wanted not in ("", "/")
    return f"/login?{urlencode({'next': wanted})}" if is_page else "/login"


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return a refusal as JSON or as a page."""
    from powerdash.web.pages.error import error_page

    if speaks_json(request):
        return refusal.json()
    return error_page(request, refusal.status, refusal.message, refusal.headers)


# --- what Django calls ----------------------------------------------------------------
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    message = "The request cannot be understood."
    return answer(request, Refusal(HTTPStatus.BAD_REQUEST, "bad_request", message))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    refusal = refusal_of(PermissionDenied())
    return answer(request, cast(Refusal, refusal))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return answer(request, cast(Refusal, refusal_of(Http404())))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 when the database or the cache is away."""
    expected = refusal_of(sys.exc_info()[1])
    failed = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", FAILED)
    return answer(request, expected or failed)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a request that does not prove that it comes from our page."""
    log.info("no CSRF token", action="web.csrf", path=request.path, reason=reason)
    return answer(request, Refusal(HTTPStatus.FORBIDDEN, "csrf", STALE))
