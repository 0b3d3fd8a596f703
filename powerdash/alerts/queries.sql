-- sweep --
-- Devices whose deadline passed, by the index of deadlines. Those heard since get their
-- true deadline; the others go offline, with an event and its outbox row each. Rows that
-- another sweep or an ingest door holds are left to it, so nobody waits and none deadlocks.
WITH due AS MATERIALIZED (
    SELECT id, coalesce(last_seen_at, status_changed_at)
        + (heartbeat_interval_s + %(grace_s)s) * interval '1 second' AS deadline
    FROM devices
    WHERE status = %(old)s AND check_at <= %(at)s
    ORDER BY check_at LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
), postponed AS (
    UPDATE devices d SET check_at = due.deadline
    FROM due WHERE d.id = due.id AND due.deadline > %(at)s
), moved AS (
    UPDATE devices d SET status = %(new)s, status_changed_at = %(at)s, check_at = NULL
    FROM due WHERE d.id = due.id AND due.deadline <= %(at)s
    RETURNING d.id, d.uuid, d.name, d.organization_id, d.last_seen_at
), told AS (
    INSERT INTO events (at, type, organization_id, device_id, data)
    SELECT %(at)s, %(type)s, organization_id, id, jsonb_build_object(
        'previous', %(old)s::text, 'status', %(new)s::text, 'last_seen_at', last_seen_at)
    FROM moved
    RETURNING id, device_id, data
), outboxed AS (
    INSERT INTO outbox (event_id, topic, payload)
    SELECT told.id, %(type)s, jsonb_build_object('id', told.id,
        'at', %(at)s::timestamptz, 'type', %(type)s::text, 'organization', o.uuid,
        'device', m.uuid, 'device_name', m.name, 'user', NULL, 'data', told.data)
    FROM told JOIN moved m ON m.id = told.device_id
    JOIN organizations o ON o.id = m.organization_id
    RETURNING pg_notify('outbox', '')
)
SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM outboxed)
