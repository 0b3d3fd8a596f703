"""Django's name for this package."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers `powerdash.accounts`."""

    name = "powerdash.accounts"
