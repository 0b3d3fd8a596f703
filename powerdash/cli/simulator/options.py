"""The options of `powerdash simulate`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

Devices = Annotated[
    int | None,
    typer.Option(min=1, help="Devices to simulate; default: all credentials."),
]
Rate = Annotated[
    float, typer.Option(help="Measurements per second and device; may be below 1.")
]
Url = Annotated[str, typer.Option(help="The server.")]
Credentials = Annotated[
    Path | None,
    typer.Option(
        help="JSON lines of `powerdash devices register --json`; with --organization,"
        " where new ones are written."
    ),
]
Organization = Annotated[
    str | None,
    typer.Option(
        help="Register the devices in this organization (slug); else in the only one."
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed, the same readings.")]
Start = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M:%S%z"],
        help="Begin here, caught up with as fast as the server takes it; default: now.",
    ),
]
Duration = Annotated[
    float | None, typer.Option(help="Stop after so many seconds of measuring.")
]
Batch = Annotated[
    int, typer.Option(min=1, max=1000, help="Readings to gather for a request.")
]
Buffer = Annotated[
    int, typer.Option(min=1, help="Readings a device keeps while it cannot send.")
]
BufferFile = Annotated[
    Path | None,
    typer.Option(help="Keep unsent readings and meter registers in this file."),
]
Faulty = Annotated[
    bool,
    typer.Option(
        "--faults/--no-faults", help="Let devices lose samples and fall silent."
    ),
]
Timezone = Annotated[str, typer.Option(help="Zone whose day the loads follow.")]
Report = Annotated[float, typer.Option(min=1, help="Seconds between summary lines.")]
