"""Django's name for this package."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """Registers `powerdash.telemetry`."""

    name = "powerdash.telemetry"
