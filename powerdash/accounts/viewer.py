"""Who asks: a user in one organization, with the rights of their role there."""

from dataclasses import dataclass

from powerdash.accounts.models import Membership
from powerdash.accounts.roles import ROLE_SCOPES, Scope, UserRole


class ScopeMissing(Exception):
    """The viewer's role does not allow this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            f"Your role does not allow this: ask an owner for the right {scope}."
        )
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks; selectors take it first and show only what exists for it.

    Attributes:
        timezone: In which the organization's days are.
    """

    user_id: int
    organization_id: int
    organization_uuid: str
    timezone: str
    role: UserRole

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the viewer may do."""
        return ROLE_SCOPES[self.role]

    def require(self, scope: Scope) -> None:
        """Go on only with this right.

        Raises:
            ScopeMissing: The role does not have it.
        """
        if scope not in self.scopes:
            raise ScopeMissing(scope)


def memberships_of(user_id: int) -> list[Membership]:
    """Return a user's memberships with their organizations, by name."""
    return list(
        Membership.objects.filter(user_id=user_id)
        .select_related("organization")
        .order_by("organization__name", "id")
    )


def viewer_of(membership: Membership) -> Viewer:
    """Return a member as one who looks at their organization."""
    return Viewer(
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        organization_uuid=str(membership.organization.uuid),
        timezone=membership.organization.timezone,
        role=UserRole(membership.role),
    )
