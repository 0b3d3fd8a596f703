"""What each role may do: role → scopes. Pure.

Source: specification, "Role-Based Access Control". `events:read` is ours: the record
names people and addresses, so it is for those who run the site and those who help them.
"""

from enum import StrEnum


class UserRole(StrEnum):
    """A person's part in an organization."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"
    SUPPORT = "support"


class Scope(StrEnum):
    """One thing one may do."""

    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    EVENTS_READ = "events:read"


_R, _S = UserRole, Scope

ROLE_SCOPES: dict[UserRole, frozenset[Scope]] = {
    _R.OWNER: frozenset(Scope),
    _R.OPERATOR: frozenset(Scope) - {_S.SETTINGS_WRITE},
    _R.VIEWER: frozenset({_S.DEVICES_READ, _S.TICKETS_READ, _S.SETTINGS_READ}),
    _R.SUPPORT: frozenset(
        {_S.TICKETS_READ, _S.TICKETS_WRITE, _S.DEVICES_READ, _S.EVENTS_READ}
    ),
}
