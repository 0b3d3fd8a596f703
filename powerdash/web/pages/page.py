"""How a page is answered: typed props, and what every page is given."""

import dataclasses
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from inertia import render, share

from powerdash import __version__, settings
from powerdash.web import present
from powerdash.web.auth import NoOrganization, SignedIn, Unauthenticated, signed_in
from powerdash.web.props import RealtimeProps, Role, SharedProps, ViewerProps


def page(
    request: HttpRequest, component: str, props: object, *, status: int = 200
) -> HttpResponse:
    """Answer with a page.

    Args:
        component: The file in `frontend/src/pages`, without its ending.
        props: A frozen class of `web.props`.
    """
    try:
        viewer = viewer_props(signed_in(request))
    except (Unauthenticated, NoOrganization):
        viewer = None
    return bare_page(request, component, props, viewer=viewer, status=status)


def bare_page(
    request: HttpRequest,
    component: str,
    props: object,
    *,
    viewer: ViewerProps | None,
    status: int,
) -> HttpResponse:
    """Answer with a page without asking the database who looks."""
    shared = SharedProps(viewer, realtime_props(), __version__)
    share(request, **_plain(shared))
    response = cast(HttpResponse, render(request, component, _plain(props)))
    response.status_code = status
    return response


def _plain(props: object) -> dict[str, Any]:
    return dataclasses.asdict(cast(Any, props))


def viewer_props(who: SignedIn) -> ViewerProps:
    """Return who is looking, with which rights."""
    return ViewerProps(
        name=who.user.name or who.user.email,
        email=who.user.email,
        role=cast(Role, who.current.role),
        scopes=sorted(who.viewer.scopes),
        organization=present.organization(who.current.organization),
        organizations=[present.organization(m.organization) for m in who.memberships],
    )


def realtime_props() -> RealtimeProps:
    """Return where the browser's Pusher client connects."""
    return RealtimeProps(
        key=settings.PUSHER_APP_KEY,
        host=settings.PUSHER_HOST,
        port=settings.PUSHER_PORT,
        scheme="https" if settings.PUSHER_SCHEME == "https" else "http",
        cluster=settings.PUSHER_APP_CLUSTER,
    )
