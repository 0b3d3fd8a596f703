"""What every answer of the control plane carries, and how refusals become answers."""

import secrets
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from powerdash import settings
from powerdash.web.errors import refused

Answer = Callable[[HttpRequest], HttpResponse]

# Charts and the component kit set styles on elements; scripts need the nonce or a file.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' {sockets}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_NO_HOST = "This host name is not served here: see the setting ALLOWED_HOSTS.\n"
_HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def security_headers(get_response: Answer) -> Answer:
    """Tell browsers what these pages may do, which is little."""

    def answer(request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        try:
            host = request.get_host()
        except DisallowedHost:
            host, response = "", HttpResponse(_NO_HOST, "text/plain", 400)
        else:
            response = get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = _POLICY.format(
            nonce=nonce, sockets=_sockets(host)
        )
        return response

    return answer


def _sockets(host: str) -> str:
    """Return where sockets may lead; old browsers do not count them to 'self'."""
    if settings.PUSHER_HOST:
        host = f"{settings.PUSHER_HOST}:{settings.PUSHER_PORT}"
        web = settings.PUSHER_SCHEME
        return f"{'wss' if web == 'https' else 'ws'}://{host} {web}://{host}"
    return f"ws://{host} wss://{host}" if host else ""


class Refusals:
    """Turns the errors of rooms, raised in a page's view, into pages."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        """Answer an expected error; an unexpected one is Django's to report."""
        return refused(request, error)


refusals = Refusals
