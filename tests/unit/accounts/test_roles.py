"""Roles and scopes, as the specification lists them."""

import pytest

from powerdash.accounts.roles import ROLE_SCOPES, Scope, UserRole

# Source: specification, "Role-Based Access Control".
SPECIFIED = {
    "owner": "devices:read devices:write tickets:read tickets:write settings:read"
    " settings:write",
    "operator": "devices:read devices:write tickets:read tickets:write settings:read",
    "viewer": "devices:read tickets:read settings:read",
    "support": "tickets:read tickets:write devices:read",
}


@pytest.mark.parametrize("role", UserRole)
def test_it_has_the_scopes_of_the_specification(role: UserRole) -> None:
    ours = ROLE_SCOPES[role] - {Scope.EVENTS_READ}
    assert {str(scope) for scope in ours} == set(SPECIFIED[role].split())


def test_viewers_do_not_read_the_record() -> None:
    readers = {role for role in UserRole if Scope.EVENTS_READ in ROLE_SCOPES[role]}
    assert readers == set(UserRole) - {UserRole.VIEWER}
