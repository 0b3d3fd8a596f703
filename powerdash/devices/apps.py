"""Django's name for this package."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Registers `powerdash.devices`."""

    name = "powerdash.devices"
