-- record --
-- Events and, for those to be announced, their outbox rows: with all that the relay needs
-- to tell them. The organization of a device's event is the device's.
WITH given AS (
    SELECT * FROM unnest(%(organization_ids)s::bigint[], %(device_ids)s::int[],
        %(user_ids)s::bigint[], %(data)s::jsonb[])
        AS g (organization_id, device_id, user_id, data)
), told AS (
    INSERT INTO events (at, type, organization_id, device_id, user_id, data)
    SELECT %(at)s, %(type)s, coalesce(g.organization_id, d.organization_id),
        g.device_id, g.user_id, g.data
    FROM given g LEFT JOIN devices d ON d.id = g.device_id
    RETURNING id, organization_id, device_id, user_id, data
), outboxed AS (
    INSERT INTO outbox (event_id, topic, payload)
    SELECT told.id, %(type)s, jsonb_build_object('id', told.id,
        'at', %(at)s::timestamptz, 'type', %(type)s::text, 'organization', o.uuid,
        'device', d.uuid, 'device_name', d.name,
        'user', coalesce(nullif(u.name, ''), u.email), 'data', told.data)
    FROM told LEFT JOIN organizations o ON o.id = told.organization_id
    LEFT JOIN devices d ON d.id = told.device_id
    LEFT JOIN users u ON u.id = told.user_id
    WHERE %(announced)s
    RETURNING pg_notify('outbox', '')
)
SELECT (SELECT array_agg(id ORDER BY id) FROM told), (SELECT count(*) FROM outboxed)

-- relay_lock --
-- One relay at a time, so that events are told in their order.
SELECT pg_try_advisory_xact_lock(7202602)

-- relay_take --
-- The oldest events that others have not heard of.
SELECT id, event_id, topic, payload FROM outbox ORDER BY id LIMIT $1

-- relay_delete --
-- They have heard.
DELETE FROM outbox WHERE id = ANY($1::bigint[])

-- page --
-- The record, newest first. The values stand in the statement's text, so the planner
-- drops the conditions that are not asked for.
SELECT e.id, e.at, e.type, d.uuid, d.name, coalesce(nullif(u.name, ''), u.email), e.data
FROM events e LEFT JOIN devices d ON d.id = e.device_id
LEFT JOIN users u ON u.id = e.user_id
WHERE (%(organization_id)s::bigint IS NULL OR e.organization_id = %(organization_id)s)
    AND (%(types)s::text[] IS NULL OR e.type = ANY(%(types)s))
    AND (%(device_id)s::int IS NULL OR e.device_id = %(device_id)s)
    AND (%(user_id)s::bigint IS NULL OR e.user_id = %(user_id)s)
    AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
    AND (%(before_at)s::timestamptz IS NULL
        OR (e.at, e.id) < (%(before_at)s, %(before_id)s))
ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s

-- page_notable --
-- The same without what is routine, by the indexes that leave it out.
SELECT e.id, e.at, e.type, d.uuid, d.name, coalesce(nullif(u.name, ''), u.email), e.data
FROM events e LEFT JOIN devices d ON d.id = e.device_id
LEFT JOIN users u ON u.id = e.user_id
WHERE (%(organization_id)s::bigint IS NULL OR e.organization_id = %(organization_id)s)
    AND (%(types)s::text[] IS NULL OR e.type = ANY(%(types)s))
    AND (%(device_id)s::int IS NULL OR e.device_id = %(device_id)s)
    AND (%(user_id)s::bigint IS NULL OR e.user_id = %(user_id)s)
    AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
    AND (%(before_at)s::timestamptz IS NULL
        OR (e.at, e.id) < (%(before_at)s, %(before_id)s))
    AND e.type <> 'ingest.accepted'
ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s
