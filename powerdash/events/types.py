"""The vocabulary of the record: every kind of event there is. Pure."""

from enum import StrEnum


class EventType(StrEnum):
    """What happened. Source: specification, "Logging & Audit"; ours are marked."""

    INGEST_ACCEPTED = "ingest.accepted"
    INGEST_REJECTED_AUTH = "ingest.rejected_auth"
    INGEST_REJECTED_SCHEMA = "ingest.rejected_schema"

    DEVICE_ONLINE = "device.online"
    DEVICE_OFFLINE = "device.offline"
    DEVICE_MAINTENANCE_ON = "device.maintenance_on"
    DEVICE_MAINTENANCE_OFF = "device.maintenance_off"  # ours
    DEVICE_REGISTERED = "device.registered"  # ours
    DEVICE_UPDATED = "device.updated"  # ours
    DEVICE_DECOMMISSIONED = "device.decommissioned"  # ours

    AUTH_FAILED_DEVICE = "auth.failed_device"
    AUTH_LOGIN = "auth.login"  # ours
    AUTH_LOGIN_FAILED = "auth.login_failed"  # ours
    AUTH_LOGOUT = "auth.logout"  # ours
    PERMISSION_DENIED = "permission.denied"

    ORGANIZATION_CREATED = "organization.created"  # ours
    ORGANIZATION_UPDATED = "organization.updated"  # ours
    USER_CREATED = "user.created"  # ours
    MEMBERSHIP_SET = "membership.set"  # ours

    REJECTIONS_REPLAYED = "ingest.replayed"  # ours
    TELEMETRY_DROPPED = "telemetry.dropped"  # ours
    RETENTION_SET = "retention.set"  # ours
    HOLD_SET = "telemetry.hold"  # ours

    ALERT_TRIGGERED = "alert.triggered"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_RESOLVED = "alert.resolved"


# Told to others (broker, browsers) through the outbox; the rest is only recorded.
ANNOUNCED = frozenset(
    {
        EventType.DEVICE_ONLINE,
        EventType.DEVICE_OFFLINE,
        EventType.DEVICE_MAINTENANCE_ON,
        EventType.DEVICE_MAINTENANCE_OFF,
        EventType.DEVICE_REGISTERED,
        EventType.DEVICE_UPDATED,
        EventType.DEVICE_DECOMMISSIONED,
        EventType.ALERT_TRIGGERED,
        EventType.ALERT_ACKNOWLEDGED,
        EventType.ALERT_RESOLVED,
    }
)
