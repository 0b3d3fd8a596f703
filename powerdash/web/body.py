"""Bodies of small forms, sent by a form or by Inertia as JSON."""

import json

from django.http import HttpRequest


def form_of(request: HttpRequest) -> dict[str, str]:
    """Return the texts of a form; what is no text is left out.

    An unreadable body is an empty form: the fields will be missed.
    """
    if request.content_type != "application/json":
        return {name: str(value) for name, value in request.POST.items()}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    return {name: value for name, value in body.items() if isinstance(value, str)}
