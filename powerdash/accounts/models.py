"""Organizations, the people in them, and their roles."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from powerdash.accounts.roles import UserRole


class Organization(models.Model):
    """A tenant: it owns devices, and nothing of it exists for anybody else."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=60, default="UTC")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "organizations"

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds users by their address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this e-mail address."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address (stored in lower case)."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    last_login = models.DateTimeField(null=True, blank=True, db_column="last_login_at")
    created_at = models.DateTimeField()

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """A person's role in an organization."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(
        max_length=20, choices=[(r.value, r.value) for r in UserRole]
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "memberships"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization"], name="memberships_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[r.value for r in UserRole]),
                name="memberships_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.organization}"


class LoginBucket(models.Model):
    """Failed sign-ins under one key: a bucket that drains with time.

    Attributes:
        level: How many failures it holds, as of `at`.
    """

    key = models.CharField(max_length=300, primary_key=True)
    level = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        db_table = "login_buckets"

    def __str__(self) -> str:
        return f"{self.key}: {self.level}"
