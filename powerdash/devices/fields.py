"""What may be said of a device, and its limits. Pure."""

from collections.abc import Sequence
from typing import Any, TypedDict

from powerdash.lib.fields import Fields

NAME_MAX = 120
TAGS_MAX = 20
TAG_MAX = 60
METADATA_BYTES_MAX = 16_384
METADATA_DEPTH_MAX = 8
HEARTBEAT_LEAST_S = 1
HEARTBEAT_MOST_S = 7 * 24 * 3600
_TEXTS = {"model": 120, "location": 200, "firmware": 60}


class DeviceFields(TypedDict, total=False):
    """What one fills in of a device.

    `heartbeat_interval_s`: silence longer than this takes it offline, seconds; None
    takes the default. `user_id`: the responsible member of the organization.
    """

    name: str
    model: str
    location: str
    firmware: str
    tags: Sequence[str]
    metadata: dict[str, Any] | None
    heartbeat_interval_s: int | None
    user_id: int | None


def device_fields(given: DeviceFields, *, heartbeat_default_s: int) -> dict[str, Any]:
    """Return the columns to write for the fields given, cleaned.

    Args:
        heartbeat_default_s: The interval of a device for which none is given.

    Raises:
        FieldsInvalid: Some cannot be taken.
    """
    fields = Fields()
    columns: dict[str, Any] = {}
    if "name" in given:
        columns["name"] = fields.text(
            "name", given["name"], most=NAME_MAX, required=True
        )
    for field, most in _TEXTS.items():
        if field in given:
            columns[field] = fields.text(
                field,
                given[field],  # type: ignore[literal-required]
                most=most,
            )
    if "tags" in given:
        columns["tags"] = _tags(fields, given["tags"])
    if "metadata" in given:
        columns["metadata"] = fields.json_object(
            "metadata",
            {} if given["metadata"] is None else given["metadata"],
            most_bytes=METADATA_BYTES_MAX,
            most_depth=METADATA_DEPTH_MAX,
        )
    if "heartbeat_interval_s" in given:
        columns["heartbeat_interval_s"] = _heartbeat(
            fields, given["heartbeat_interval_s"], heartbeat_default_s
        )
    if "user_id" in given:
        columns["user_id"] = given["user_id"]
    fields.check()
    return columns


def _tags(fields: Fields, tags: Sequence[str]) -> list[str]:
    cleaned = [fields.text("tags", tag, most=TAG_MAX, required=True) for tag in tags]
    if any("," in tag for tag in cleaned):
        fields.refuse("tags", "A tag holds no comma: lists of tags are parted by it.")
    unique = list(dict.fromkeys(cleaned))
    if len(unique) > TAGS_MAX:
        fields.refuse("tags", f"Use at most {TAGS_MAX} tags.")
    return unique


def _heartbeat(fields: Fields, interval_s: int | None, default_s: int) -> int:
    if interval_s is None:
        return default_s
    return fields.integer(
        "heartbeat_interval_s",
        interval_s,
        least=HEARTBEAT_LEAST_S,
        most=HEARTBEAT_MOST_S,
    )
