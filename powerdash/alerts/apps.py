"""Django's name for this package."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Registers `powerdash.alerts`."""

    name = "powerdash.alerts"
