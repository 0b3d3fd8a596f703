-- records --
-- The newest readings of a range. One index range for each phase: the key is (device,
-- phase, time), and the table of the newest knows the phases.
SELECT r.ts, r.phase, r.current, r.voltage, r.power, r.sampling_ms, r.power_factor,
    r.frequency, r.temperature, r.energy_wh, r.flags
FROM telemetry_latest l CROSS JOIN LATERAL (
    SELECT * FROM power_records p
    WHERE p.device_id = l.device_id AND p.phase = l.phase
        AND p.ts >= %(since)s AND p.ts < %(until)s
    ORDER BY p.ts DESC LIMIT %(limit)s
) r
WHERE l.device_id = %(device_id)s
ORDER BY r.ts DESC, r.phase LIMIT %(limit)s

-- count --
-- Readings of everybody or one device, of all time or a range.
SELECT count(*) FROM power_records
WHERE (%(device_id)s::int IS NULL OR device_id = %(device_id)s)
    AND (%(since)s::timestamptz IS NULL OR ts >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR ts < %(until)s)

-- first --
-- When a device's record begins, by phase; partitions are searched in order of time.
SELECT min(first.ts) FROM telemetry_latest l CROSS JOIN LATERAL (
    SELECT p.ts FROM power_records p
    WHERE p.device_id = l.device_id AND p.phase = l.phase ORDER BY p.ts LIMIT 1
) first
WHERE l.device_id = %(device_id)s

-- consumers --
-- Devices heard within their interval, with the active power of the newest reading of
-- each of their phases; for the organizations given.
SELECT o.uuid::text AS organization, d.uuid::text, d.name, d.location,
    sum(l.power * coalesce(l.power_factor, 1)) AS power_w
FROM organizations o JOIN devices d ON d.organization_id = o.id
JOIN telemetry_latest l ON l.device_id = d.id
WHERE o.uuid = ANY(%(organizations)s::uuid[]) AND d.status <> 'decommissioned'
    AND l.ts > %(at)s::timestamptz - d.heartbeat_interval_s * interval '1 second'
GROUP BY o.uuid, d.id ORDER BY power_w DESC

-- statuses --
-- Devices by status, for the organizations given.
SELECT o.uuid::text AS organization, d.status, count(*) AS count
FROM organizations o JOIN devices d ON d.organization_id = o.id
WHERE o.uuid = ANY(%(organizations)s::uuid[])
GROUP BY o.uuid, d.status

-- devices --
-- How many devices an organization has.
SELECT count(*) FROM devices WHERE organization_id = %(organization_id)s

-- curve_raw --
-- Mean active power by device, phase and step.
SELECT p.device_id, p.phase, d.heartbeat_interval_s,
    floor(extract(epoch FROM p.ts) / %(step_s)s)::bigint AS step,
    avg(p.power * coalesce(p.power_factor, 1))
FROM devices d JOIN power_records p ON p.device_id = d.id
WHERE d.organization_id = %(organization_id)s AND p.ts >= %(since)s AND p.ts < %(until)s
GROUP BY p.device_id, p.phase, d.heartbeat_interval_s, step

-- curve_5m --
-- The same from the rollups, for organizations of many devices.
SELECT r.device_id, r.phase, d.heartbeat_interval_s,
    floor(extract(epoch FROM r.bucket_start_ts) / %(step_s)s)::bigint AS step,
    avg(r.avg_active_power)
FROM devices d JOIN telemetry_rollups_5m r ON r.device_id = d.id
WHERE d.organization_id = %(organization_id)s
    AND r.bucket_start_ts >= %(since)s AND r.bucket_start_ts < %(until)s
GROUP BY r.device_id, r.phase, d.heartbeat_interval_s, step

-- series_raw --
-- A device's readings, reduced to mean, least and greatest by step.
SELECT phase, floor(extract(epoch FROM ts) / %(step_s)s)::bigint AS step,
    avg(active), min(active), max(active), avg(current), min(current), max(current),
    avg(voltage), min(voltage), max(voltage)
FROM power_records, LATERAL (SELECT power * coalesce(power_factor, 1) AS active) p
WHERE device_id = %(device_id)s AND ts >= %(since)s AND ts < %(until)s
GROUP BY phase, step ORDER BY phase, step

-- series_5m --
-- The same from the rollups.
SELECT phase, floor(extract(epoch FROM bucket_start_ts) / %(step_s)s)::bigint AS step,
    sum(avg_active_power * count) / sum(count), min(min_active_power),
    max(max_active_power),
    sum(avg_current * count) / sum(count), min(min_current), max(max_current),
    sum(avg_voltage * count) / sum(count), min(min_voltage), max(max_voltage)
FROM telemetry_rollups_5m
WHERE device_id = %(device_id)s
    AND bucket_start_ts >= %(since)s AND bucket_start_ts < %(until)s
GROUP BY phase, step ORDER BY phase, step

-- rollup_take --
-- Take what is due. Visible rows were committed together with their readings.
DELETE FROM telemetry_rollup_due WHERE id IN (
    SELECT id FROM telemetry_rollup_due ORDER BY id LIMIT %(limit)s
) RETURNING device_ids, phases, bucket_starts

-- rollup_plan --
-- One index range for each bucket, whatever the planner believes of partitions that were
-- never analyzed: a hash join would compare each bucket with a device's whole history.
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_material = off

-- rollup_write --
-- Make each bucket anew from its readings.
INSERT INTO telemetry_rollups_5m AS old (device_id, phase, bucket_start_ts,
    min_power, avg_power, max_power, count, min_current, avg_current, max_current,
    min_voltage, avg_voltage, max_voltage,
    min_active_power, avg_active_power, max_active_power, created_at, updated_at)
SELECT b.device_id, b.phase, b.start, min(p.power), avg(p.power), max(p.power), count(*),
    min(p.current), avg(p.current), max(p.current),
    min(p.voltage), avg(p.voltage), max(p.voltage),
    min(p.active), avg(p.active), max(p.active), %(at)s, %(at)s
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[])
    AS b (device_id, phase, start)
CROSS JOIN LATERAL (
    SELECT power, current, voltage, power * coalesce(power_factor, 1) AS active
    FROM power_records r
    WHERE r.device_id = b.device_id AND r.phase = b.phase
        AND r.ts >= b.start AND r.ts < b.start + interval '5 minutes'
) p
GROUP BY b.device_id, b.phase, b.start
ON CONFLICT (device_id, phase, bucket_start_ts) DO UPDATE SET
    min_power = excluded.min_power, avg_power = excluded.avg_power,
    max_power = excluded.max_power, count = excluded.count,
    min_current = excluded.min_current, avg_current = excluded.avg_current,
    max_current = excluded.max_current, min_voltage = excluded.min_voltage,
    avg_voltage = excluded.avg_voltage, max_voltage = excluded.max_voltage,
    min_active_power = excluded.min_active_power,
    avg_active_power = excluded.avg_active_power,
    max_active_power = excluded.max_active_power,
    updated_at = excluded.updated_at
