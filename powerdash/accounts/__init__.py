"""Room: organizations, users, memberships, roles and their scopes."""
