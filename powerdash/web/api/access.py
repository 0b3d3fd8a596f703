"""Who may use an endpoint: a session with the scope that the endpoint names."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import APIKeyCookie

from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import Viewer
from powerdash.web.auth import TokenMissing, signed_in, viewer_for


class Session(APIKeyCookie):
    """The session's cookie; with methods that change something the CSRF token too."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, scope: Scope) -> None:
        super().__init__(csrf=True)
        self.scope = scope

    def _get_key(self, request: HttpRequest) -> str | None:
        """Ask for the token only of those who have a session to protect.

        Raises:
            TokenMissing: The request does not prove that it comes from our page.
            Unauthenticated: Nobody is signed in.
        """
        signed_in(request)
        try:
            return super()._get_key(request)
        except HttpError:
            raise TokenMissing from None

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Return the viewer, who has the scope.

        Raises:
            NoOrganization, ScopeMissing, Unauthenticated: See `viewer_for`.
        """
        return viewer_for(request, self.scope)


def viewer_of_request(request: HttpRequest) -> Viewer:
    """Return the viewer that `Session` let in."""
    viewer: Viewer = request.auth  # type: ignore[attr-defined]
    return viewer


reads = Session(Scope.DEVICES_READ)
writes = Session(Scope.DEVICES_WRITE)
reads_events = Session(Scope.EVENTS_READ)
reads_settings = Session(Scope.SETTINGS_READ)
writes_settings = Session(Scope.SETTINGS_WRITE)
