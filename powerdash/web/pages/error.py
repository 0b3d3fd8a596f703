"""`pages/Error`: what could not be shown, and why."""

from collections.abc import Mapping

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from powerdash.web.auth import NoOrganization, Unauthenticated, signed_in
from powerdash.web.pages.page import bare_page, viewer_props
from powerdash.web.props import ErrorProps, ViewerProps

_TITLES = {
    400: "Not understood",
    403: "Not allowed",
    404: "Not found",
    409: "Not possible now",
    422: "Not understood",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available",
}


def error_page(
    request: HttpRequest, status: int, message: str, headers: Mapping[str, str]
) -> HttpResponse:
    """Answer with the error page, even when the database is away."""
    title = _TITLES.get(status, "Not possible")
    if status >= 500:
        request.session = {}  # type: ignore[assignment]  # it may lie in what is away
    response = bare_page(
        request,
        "Error",
        ErrorProps(status, title, message),
        viewer=None if status >= 500 else _viewer(request),
        status=status,
    )
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _viewer(request: HttpRequest) -> ViewerProps | None:
    # Some refusals come before the session is opened.
    if not hasattr(request, "user"):
        return None
    try:
        return viewer_props(signed_in(request))
    except (Unauthenticated, NoOrganization, DatabaseError):
        return None
