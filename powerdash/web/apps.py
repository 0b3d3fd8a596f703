"""Django's name for this package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers `powerdash.web`."""

    name = "powerdash.web"
