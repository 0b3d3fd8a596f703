"""`powerdash settings`."""

import json
from typing import Annotated, Any

import typer

from powerdash import settings
from powerdash.lib.env import Setting

_MASK = "********"


def shown(setting: Setting) -> Any:
    """Return a setting's value as it may be printed."""
    if setting.secret:
        return _MASK if setting.value else ""
    return list(setting.value) if isinstance(setting.value, tuple) else setting.value


def command(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object.")
    ] = False,
) -> None:
    """Print the settings in force and where each value comes from."""
    read = sorted(settings.READ.values(), key=lambda setting: setting.name)
    if as_json:
        table = {s.name: {"value": shown(s), "source": s.source} for s in read}
        typer.echo(json.dumps(table, indent=2))
        return
    width = max(len(setting.name) for setting in read)
    for setting in read:
        value = shown(setting)
        text = ",".join(value) if isinstance(value, list) else str(value)
        typer.echo(f"{setting.name:<{width}}  {text or '-':<32}  {setting.source}")
