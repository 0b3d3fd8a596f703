"""Django's name for this package."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Registers `powerdash.events`."""

    name = "powerdash.events"
