"""The options of `powerdash replay`."""

from pathlib import Path
from typing import Annotated

import typer

from powerdash.cli.posting import ARRAY_MAX

File = Annotated[Path, typer.Argument(help="A CSV file, gzip too; - is the input.")]
Url = Annotated[str, typer.Option(help="The server.")]
Device = Annotated[str, typer.Option(help="UUID of the device to post as.")]
SecretFile = Annotated[
    Path | None, typer.Option(help="Holds the device's secret, or its JSON line.")
]
Organization = Annotated[
    str | None,
    typer.Option(help="Register a device for the file in this organization (slug)."),
]
Name = Annotated[str, typer.Option(help="Name of the device registered.")]
PresetName = Annotated[
    str, typer.Option(help="Preset or TOML file; default: by the file's name.")
]
Time = Annotated[
    list[str] | None,
    typer.Option("--time", help="Time column; twice for a date and a time."),
]
TimeFormat = Annotated[
    list[str] | None,
    typer.Option(help="iso, unix, unix_ms, unix_us or a strptime pattern."),
]
Timezone = Annotated[
    str, typer.Option(help="Of times without offset: Europe/Paris or +01:00.")
]
Current = Annotated[str, typer.Option(help="Column or formula, A.")]
Voltage = Annotated[str, typer.Option(help="Column or formula, V.")]
PhaseName = Annotated[str, typer.Option(help="Phase, or the column it is in.")]
Attribute = Annotated[
    list[str] | None, typer.Option(help="name=column, =formula or =number.")
]
Encoding = Annotated[str, typer.Option(help="Of the text: utf-8, latin-1, cp1252 …")]
SkipLines = Annotated[int, typer.Option(min=0, help="Lines before the header.")]
Header = Annotated[
    bool,
    typer.Option(
        "--header/--no-header", help="Without one, columns are called 1, 2, 3, …"
    ),
]
Delimiter = Annotated[str, typer.Option(help="Default: by the header.")]
Decimal = Annotated[str, typer.Option(help="Decimal sign; default: a point.")]
Missing = Annotated[
    list[str] | None, typer.Option(help="One more mark of a missing value.")
]
ShiftToNow = Annotated[
    bool,
    typer.Option(
        "--shift-to-now",
        help="Give the first reading the present moment and go on live; with"
        " --speed max the last one.",
    ),
]
Speed = Annotated[
    str, typer.Option(help="1x, 60x, …, or max; default max, with --shift-to-now 1x.")
]
Batch = Annotated[
    int, typer.Option(min=1, max=ARRAY_MAX, help="Readings in a request.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where it was interrupted.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
GiveUp = Annotated[
    float, typer.Option(min=0, help="Seconds to wait for a server that is away.")
]
StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", help="Where progress and devices are remembered."),
]
