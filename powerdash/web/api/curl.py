"""A command that posts a device's first reading, ready to be pasted."""

import json
import shlex
from datetime import datetime

from django.http import HttpRequest


def ingest_curl(request: HttpRequest, *, uuid: str, secret: str, at: datetime) -> str:
    """Return a `curl` command line for the server that the request came to."""
    reading = {
        "ts": at.replace(microsecond=0).isoformat(),
        "current": 5.2,
        "voltage": 230.0,
    }
    words = [
        "curl",
        "-X",
        "POST",
        request.build_absolute_uri("/api/ingest"),
        "-H",
        f"X-Device-ID: {uuid}",
        "-H",
        f"X-Device-Secret: {secret}",
        "-H",
        "Content-Type: application/json",
        "-d",
        json.dumps(reading),
    ]
    return shlex.join(words)
