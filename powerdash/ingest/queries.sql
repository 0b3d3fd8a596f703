-- device_by_uuid --
-- What the door must know of a device to let its readings in.
SELECT id, uuid::text, organization_id, name, secret_hash, status, heartbeat_interval_s,
    ARRAY(SELECT phase FROM telemetry_latest l WHERE l.device_id = d.id) AS phases
FROM devices d WHERE uuid = $1

-- store --
-- One round trip for a group of requests: readings, due buckets, the moves of devices
-- heard again, their events and outbox rows, and the requests' own events. The devices
-- are read in the same statement, so nothing is stored for one decommissioned meanwhile.
-- Rows go in by key order: two groups with the same keys then wait, never deadlock.
-- A column that no reading has is given as NULL: unnest pads it.
WITH dev AS MATERIALIZED (
    SELECT id, status FROM devices WHERE id = ANY($1::int[])
), ins AS (
    INSERT INTO power_records (device_id, phase, ts, current, voltage, power,
        sampling_ms, power_factor, frequency, temperature, energy_wh, flags)
    SELECT r.* FROM unnest($2::int[], $3::text[], $4::timestamptz[], $5::float8[],
        $6::float8[], $7::float8[], $8::int[], $9::real[], $10::real[], $11::real[],
        $12::float8[], $13::jsonb[])
        AS r (device_id, phase, ts, current, voltage, power,
            sampling_ms, power_factor, frequency, temperature, energy_wh, flags)
    WHERE r.device_id = ANY (ARRAY(SELECT id FROM dev WHERE status <> 'decommissioned'))
    ORDER BY r.device_id, r.phase, r.ts
    ON CONFLICT DO NOTHING
    RETURNING device_id, phase, ts
), due AS (
    INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
    SELECT array_agg(device_id), array_agg(phase),
        array_agg(date_bin('5 minutes', ts, 'epoch')) FROM ins HAVING count(*) > 0
), heard AS (
    SELECT id FROM devices
    WHERE id IN (SELECT id FROM dev WHERE status = $14::text) AND status = $14::text
    ORDER BY id FOR NO KEY UPDATE
), moved AS (
    UPDATE devices d SET status = $15::text, status_changed_at = $16::timestamptz, last_seen_at = $16::timestamptz,
        check_at = $16::timestamptz + d.heartbeat_interval_s * interval '1 second'
    FROM heard WHERE d.id = heard.id
    RETURNING d.id, d.uuid, d.name, d.organization_id
), told AS (
    INSERT INTO events (at, type, organization_id, device_id, data)
    SELECT $16::timestamptz, $17::text, organization_id, id,
        jsonb_build_object('previous', $14::text, 'status', $15::text) FROM moved
    RETURNING id, device_id, data
), outboxed AS (
    INSERT INTO outbox (event_id, topic, payload)
    SELECT told.id, $17::text, jsonb_build_object('id', told.id, 'at', $16::timestamptz, 'type', $17::text,
        'organization', o.uuid, 'device', m.uuid, 'device_name', m.name, 'user', NULL,
        'data', told.data)
    FROM told JOIN moved m ON m.id = told.device_id
    JOIN organizations o ON o.id = m.organization_id
    RETURNING pg_notify('outbox', '')
), requests AS (
    INSERT INTO events (at, type, organization_id, device_id, data)
    SELECT $16::timestamptz, 'ingest.accepted', r.* FROM
        unnest($18::bigint[], $19::int[], $20::jsonb[]) AS r (organization, device, data)
    WHERE r.device = ANY (ARRAY(SELECT id FROM dev WHERE status <> 'decommissioned'))
)
SELECT
    (SELECT count(*) FROM ins) AS inserted,
    (SELECT array_agg(id) FROM dev WHERE status <> 'decommissioned') AS live,
    (SELECT count(*) FROM outboxed) AS moved,
    CASE WHEN (SELECT count(*) FROM ins) < cardinality($2::int[]) THEN
        (SELECT array_agg(ROW (device_id, phase, ts)) FROM ins) END AS keys

-- late --
-- Which of these readings are in the chunks of closed days; no other day is closed until
-- the transaction ends.
SELECT readings_late($1::int[], $2::text[], $3::timestamptz[], $4)

-- due --
-- The buckets of readings that COPY brings, in its transaction.
INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
VALUES ($1, $2, $3)

-- latest --
-- The newest reading by device and phase; an older one never replaces a newer.
INSERT INTO telemetry_latest AS l (device_id, phase, ts, current, voltage, power,
    power_factor, frequency, temperature, energy_wh)
SELECT * FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::float8[],
    $5::float8[], $6::float8[], $7::real[], $8::real[], $9::real[], $10::float8[])
    AS r (device_id, phase, ts)
ORDER BY r.device_id, r.phase
ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts,
    current = excluded.current, voltage = excluded.voltage, power = excluded.power,
    power_factor = excluded.power_factor, frequency = excluded.frequency,
    temperature = excluded.temperature, energy_wh = excluded.energy_wh
WHERE l.ts < excluded.ts

-- phases --
-- Phases that no reading had before; every door hears of them, for a device may have only
-- so many.
WITH entered AS (
    INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power,
        power_factor, frequency, temperature, energy_wh)
    SELECT * FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::float8[],
        $5::float8[], $6::float8[], $7::real[], $8::real[], $9::real[], $10::float8[])
        AS r (device_id, phase, ts)
    ORDER BY r.device_id, r.phase
    ON CONFLICT DO NOTHING RETURNING device_id
)
SELECT count(pg_notify('device_changed', uuid::text)) FROM devices
WHERE id IN (SELECT device_id FROM entered)

-- last_seen --
-- Once a second, not in each commit; no index holds it, so the update stays in the page.
WITH seen AS (
    SELECT d.id, s.at FROM unnest($1::int[], $2::timestamptz[]) AS s (id, at)
    JOIN devices d ON d.id = s.id
    WHERE d.last_seen_at IS NULL OR d.last_seen_at < s.at
    ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE devices d SET last_seen_at = seen.at FROM seen WHERE d.id = seen.id

-- ledger --
-- What was counted rather than recorded one by one.
INSERT INTO events (at, type, organization_id, device_id, data)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::int[], $5::jsonb[])

-- partitions --
-- The partitions that hold these days.
SELECT power_records_partition_ensure(day, $2) FROM unnest($1::timestamptz[]) AS day

-- events_partition --
-- The partition that holds this moment's events.
SELECT events_partition_ensure(now())

-- ready --
-- Whether a reading could be stored now: fails where the table is not there or locked,
-- where we may not write, and where nobody may. It writes nothing.
INSERT INTO power_records SELECT * FROM power_records WHERE false

-- arrivals --
-- How readings arrived in the last second, added to what was before.
INSERT INTO telemetry_arrivals AS a (device_id, last_reading_at, last_arrival_at, accepted,
    duplicates, refused, late, lateness_s, max_lateness_s)
SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $4::bigint[],
    $5::bigint[], $6::bigint[], $7::bigint[], $8::float8[], $9::float8[])
    AS r (device_id)
ORDER BY r.device_id
ON CONFLICT (device_id) DO UPDATE SET
    last_reading_at = greatest(a.last_reading_at, excluded.last_reading_at),
    last_arrival_at = excluded.last_arrival_at,
    accepted = a.accepted + excluded.accepted,
    duplicates = a.duplicates + excluded.duplicates,
    refused = a.refused + excluded.refused, late = a.late + excluded.late,
    lateness_s = CASE WHEN excluded.last_reading_at >= a.last_reading_at
        OR a.last_reading_at IS NULL THEN excluded.lateness_s ELSE a.lateness_s END,
    max_lateness_s = greatest(a.max_lateness_s, excluded.max_lateness_s)

-- rejections --
-- A sample of what was refused; of a device only the newest 200 stay, and what is being
-- replayed: that transaction waits for arrivals, which this one may have locked.
WITH kept AS (
    INSERT INTO ingest_rejections (at, organization_id, device_id, errors, payload)
    SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::int[], $4::jsonb[],
        $5::text[])
    RETURNING device_id
)
DELETE FROM ingest_rejections WHERE id IN (
    SELECT r.id FROM ingest_rejections r JOIN (
        SELECT device_id, (SELECT id FROM ingest_rejections o
            WHERE o.device_id = k.device_id ORDER BY id DESC OFFSET 200 LIMIT 1) AS last
        FROM (SELECT DISTINCT device_id FROM kept) k
    ) old ON r.device_id = old.device_id AND r.id <= old.last
    FOR UPDATE OF r SKIP LOCKED
)
