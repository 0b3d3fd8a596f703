"""A command that posts a device's reading, ready to be pasted. Pure."""

import shlex

_BODY = '{"ts": "$(date -u +%FT%TZ)", "current": 5.2, "voltage": 230.0}'


def ingest_curl(url: str, *, uuid: str, secret: str) -> str:
    """Return a `curl` command for a shell, with the time at which it will be run.

    Args:
        url: Of the server, without a path.
    """
    # Between double quotes, so that the shell puts the time in.
    body = _BODY.replace('"', '\\"')
    lines = (
        f"curl {shlex.quote(url.rstrip('/') + '/api/ingest')}",
        f"-H {shlex.quote(f'X-Device-ID: {uuid}')}",
        f"-H {shlex.quote(f'X-Device-Secret: {secret}')}",
        f'-d "{body}"',
    )
    return " \\\n  ".join(lines)
