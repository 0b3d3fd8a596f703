"""Which view answers which path on the control plane."""

from django.urls import URLPattern, URLResolver, path

from powerdash.web import broadcasting
from powerdash.web.api.root import api
from powerdash.web.pages import (
    devices,
    events,
    explore,
    overview,
    rejections,
    retention,
    session,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.index),
    path("login", session.login),
    path("logout", session.logout),
    path("organization", session.organization),
    path("devices", devices.index),
    path("devices/<str:key>", devices.show),
    path("events", events.index),
    path("explore", explore.index),
    path("rejections", rejections.index),
    path("retention", retention.index),
    path("broadcasting/auth", broadcasting.auth),
    path("api/", api.urls),
]

handler400 = "powerdash.web.errors.bad_request"
handler403 = "powerdash.web.errors.permission_denied"
handler404 = "powerdash.web.errors.not_found"
handler500 = "powerdash.web.errors.server_error"
