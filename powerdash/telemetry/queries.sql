-- records --
-- The newest readings of a range. One index range for each phase: the key is (device,
-- phase, time), and the table of the newest knows the phases.
SELECT r.ts, r.phase, r.current, r.voltage, r.power, r.sampling_ms, r.power_factor,
    r.frequency, r.temperature, r.energy_wh, r.flags
FROM telemetry_latest l CROSS JOIN LATERAL
    readings_last(l.device_id, l.phase, %(since)s, %(until)s, %(limit)s) r
WHERE l.device_id = %(device_id)s
ORDER BY r.ts DESC, r.phase LIMIT %(limit)s

-- count --
-- Readings of everybody or one device, of all time or a range.
SELECT (
    SELECT count(*) FROM power_records
    WHERE (%(device_id)s::int IS NULL OR device_id = %(device_id)s)
        AND (%(since)s::timestamptz IS NULL OR ts >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR ts < %(until)s)
) + (
    SELECT coalesce(sum(CASE WHEN first_ts >= since AND last_ts < until THEN count
        ELSE (SELECT count(*) FROM unnest(ts) AS r (at) WHERE at >= since AND at < until)
        END), 0)
    FROM power_chunks, coalesce(%(since)s::timestamptz, '-infinity') AS since,
        coalesce(%(until)s::timestamptz, 'infinity') AS until
    WHERE (%(device_id)s::int IS NULL OR device_id = %(device_id)s)
        AND last_ts >= since AND first_ts < until
)

-- spans --
-- When the record of devices begins and ends; partitions are searched in order of time.
-- What retention left of older readings are the days above them.
SELECT l.device_id, min(least(first.ts, day.bucket_start_ts)), max(l.ts)
FROM telemetry_latest l
LEFT JOIN LATERAL readings_begin(l.device_id, l.phase) AS first (ts) ON true
LEFT JOIN LATERAL (
    SELECT r.bucket_start_ts FROM telemetry_rollups_1d r
    WHERE r.device_id = l.device_id AND r.phase = l.phase
        AND r.bucket_start_ts < first.ts - interval '2 days'
    ORDER BY r.bucket_start_ts LIMIT 1
) day ON true
WHERE l.device_id = ANY(%(device_ids)s::int[])
GROUP BY l.device_id

-- organization_span --
-- When the record of an organization begins and ends.
SELECT min(coalesce(b.ts, l.ts)), max(l.ts)
FROM devices d JOIN telemetry_latest l ON l.device_id = d.id
LEFT JOIN telemetry_begins b ON b.device_id = l.device_id AND b.phase = l.phase
WHERE d.organization_id = %(organization_id)s

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

-- curve_load --
-- Mean power of an organization by step, as it was seen.
SELECT floor(extract(epoch FROM at) / %(step_s)s)::bigint AS step, avg(power_w)
FROM telemetry_load
WHERE organization_id = %(organization_id)s AND at >= %(since)s AND at < %(until)s
GROUP BY step

-- load_record --
-- The power of every organization now; another worker may have been faster.
INSERT INTO telemetry_load (organization_id, at, power_w, reporting)
SELECT d.organization_id, %(at)s, sum(l.power * coalesce(l.power_factor, 1)),
    count(DISTINCT d.id)
FROM devices d JOIN telemetry_latest l ON l.device_id = d.id
WHERE d.status <> 'decommissioned'
    AND l.ts > %(at)s::timestamptz - d.heartbeat_interval_s * interval '1 second'
GROUP BY d.organization_id
ON CONFLICT DO NOTHING

-- load_forget --
-- What is over a day old: rollups tell of it.
DELETE FROM telemetry_load WHERE at < %(at)s::timestamptz - interval '25 hours'

-- series_raw --
-- The readings of a device and phase by step. Times are given as seconds: they would be
-- read from texts one by one.
SELECT date_part('epoch', date_bin(%(step)s::interval, ts, 'epoch'))::bigint AS at,
    date_part('epoch', min(ts)), date_part('epoch', max(ts)), max(sampling_ms) / 1000.0::float8
FROM readings(%(device_id)s, %(phase)s, %(since)s, %(until)s)
GROUP BY date_bin(%(step)s::interval, ts, 'epoch') ORDER BY at

-- series_spoken --
-- Readings with the time each speaks for, which energy needs.
SELECT *, spoken_s(since, sampling_ms, %(hold)s::interval) AS spoken_s FROM (
    SELECT *, ts - lag(ts, 1, %(before)s::timestamptz) OVER (ORDER BY ts) AS since
    FROM readings(%(device_id)s, %(phase)s, %(since)s, %(until)s)
) reading

-- series_before --
-- When the last reading before a range was, for as long as one may speak.
SELECT p.phase, last.ts FROM unnest(%(phases)s::text[]) AS p (phase) LEFT JOIN LATERAL
    readings_last(%(device_id)s, p.phase, %(since)s::timestamptz - %(reach)s::interval,
        %(since)s, 1) last ON true

-- series_rolled --
-- A device's buckets by step.
SELECT phase, date_part('epoch', date_bin(%(step)s::interval, bucket_start_ts, 'epoch'))::bigint AS at,
    sum(covered_s)
FROM telemetry_rollups_5m
WHERE device_id = %(device_id)s AND phase = ANY(%(phases)s)
    AND bucket_start_ts >= %(since)s AND bucket_start_ts < %(until)s
GROUP BY phase, date_bin(%(step)s::interval, bucket_start_ts, 'epoch') ORDER BY phase, at

-- series_stitched --
-- The same up to the head, and readings newer than the rollups as buckets of one.
SELECT phase, date_part('epoch', date_bin(%(step)s::interval, bucket_start_ts, 'epoch'))::bigint AS at,
    sum(covered_s)
FROM (
    SELECT phase, bucket_start_ts, count, min_power, avg_power, max_power,
        min_current, avg_current, max_current, min_voltage, avg_voltage, max_voltage,
        min_active_power, avg_active_power, max_active_power,
        covered_s, energy_wh, twa_power, twa_current, twa_voltage,
        min_power_factor, avg_power_factor, max_power_factor, count_power_factor,
        min_frequency, avg_frequency, max_frequency, count_frequency,
        min_temperature, avg_temperature, max_temperature, count_temperature
    FROM telemetry_rollups_5m
    WHERE device_id = %(device_id)s AND phase = ANY(%(phases)s)
        AND bucket_start_ts >= %(since)s
        AND bucket_start_ts < least(%(until)s, %(head)s::timestamptz)
    UNION ALL
    SELECT phase, ts, 1, power, power, power, current, current, current,
        voltage, voltage, voltage, active, active, active,
        spoken_s, active * spoken_s / 3600, power, current, voltage,
        power_factor, power_factor, power_factor, (power_factor IS NOT NULL)::int,
        frequency, frequency, frequency, (frequency IS NOT NULL)::int,
        temperature, temperature, temperature, (temperature IS NOT NULL)::int
    FROM (
        SELECT *, power * coalesce(power_factor, 1) AS active,
            spoken_s(since, sampling_ms, %(hold)s::interval) AS spoken_s
        FROM (
            SELECT r.*, r.ts
                - lag(r.ts, 1, before.ts) OVER (PARTITION BY r.phase ORDER BY r.ts) AS since
            FROM unnest(%(phases)s::text[]) AS p (phase)
            LEFT JOIN LATERAL readings_last(%(device_id)s, p.phase,
                %(head)s::timestamptz - %(reach)s::interval, %(head)s, 1) before ON true
            CROSS JOIN LATERAL readings(%(device_id)s, p.phase, %(head)s, %(until)s) r
        ) reading
        WHERE ts >= %(since)s
    ) weighed
) part
GROUP BY phase, date_bin(%(step)s::interval, bucket_start_ts, 'epoch') ORDER BY phase, at

-- series_end --
-- Where the rollups of a device end: the start of the newest bucket, by phases that were
-- heard of late, and up to which reading; whether one of them has none so late, and
-- readings wait; and whether readings since then are gone.
SELECT e.start, e.newest, e.is_behind, EXISTS (SELECT FROM telemetry_dropped gone
    WHERE tier = 'raw' AND upper > e.start AND has_lost(gone, %(device_id)s))
FROM (
    SELECT min(b.start) AS start,
        max(least(l.ts, b.start + %(width)s)) FILTER (WHERE b.start IS NOT NULL) AS newest,
        coalesce(bool_or(b.start IS NULL), false) AS is_behind
    FROM telemetry_latest l LEFT JOIN LATERAL (
        SELECT bucket_start_ts AS start FROM telemetry_rollups_5m r
        WHERE r.device_id = l.device_id AND r.phase = l.phase
            AND r.bucket_start_ts >= date_bin(%(width)s, %(earliest)s, 'epoch')
        ORDER BY bucket_start_ts DESC LIMIT 1
    ) b ON true
    WHERE l.device_id = %(device_id)s AND l.ts >= %(earliest)s
) e

-- series_behind --
-- The same of rollups that are far behind, or not there yet: of a phase whose newest
-- bucket is too old, or lost its readings, where the first readings begin that wait, by
-- the width of a bucket.
SELECT min(coalesce(b.start, date_bin(%(width)s, wait.ts, 'epoch')))
FROM telemetry_latest l LEFT JOIN LATERAL (
    SELECT bucket_start_ts AS start FROM telemetry_rollups_5m r
    WHERE r.device_id = l.device_id AND r.phase = l.phase
    ORDER BY bucket_start_ts DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN last.start >= %(oldest)s AND NOT EXISTS (
        SELECT FROM telemetry_dropped gone WHERE tier = 'raw' AND upper > last.start
            AND has_lost(gone, l.device_id)) THEN last.start END AS start
) b
LEFT JOIN LATERAL readings_first(l.device_id, l.phase,
    coalesce(last.start + %(width)s, '-infinity'), 'infinity', 1) wait ON b.start IS NULL
WHERE l.device_id = %(device_id)s AND l.ts >= %(earliest)s

-- series_newest --
-- The time of a device's newest reading in a range.
SELECT max(r.ts) FROM unnest(%(phases)s::text[]) AS p (phase) CROSS JOIN LATERAL
    readings_last(%(device_id)s, p.phase, %(since)s, %(until)s, 1) r

-- series_readings --
-- How many readings a range has, by the rollups: to know before it is read.
SELECT coalesce(sum(count), 0) FROM telemetry_rollups_5m
WHERE device_id = %(device_id)s AND phase = ANY(%(phases)s)
    AND bucket_start_ts >= %(since)s AND bucket_start_ts < %(until)s

-- series_manner --
-- A device's phases and since when each reports, its newest reading and whether it was its
-- last, its zone, what silence of it is, and the tiers of which retention took a part of
-- the range away.
SELECT p.phases, p.begins, p.newest, d.status = 'decommissioned', o.timezone,
    d.heartbeat_interval_s,
    ARRAY(SELECT DISTINCT tier FROM telemetry_dropped gone
        WHERE tier = ANY(%(tiers)s::text[]) AND upper > %(since)s AND lower < %(until)s
            AND has_lost(gone, d.id))
FROM devices d JOIN organizations o ON o.id = d.organization_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(phase ORDER BY phase), '{}') AS phases,
        coalesce(array_agg(b.ts ORDER BY phase), '{}') AS begins, max(l.ts) AS newest
    FROM telemetry_latest l LEFT JOIN telemetry_begins b USING (device_id, phase)
    WHERE l.device_id = d.id
) p
WHERE d.id = %(device_id)s

-- rollup_take --
-- Take the oldest of what is due, as runs of buckets side by side; whether nothing
-- arrived in them. Visible rows were
-- committed together with their readings.
WITH oldest AS (
    SELECT id, sum(cardinality(device_ids)) OVER (ORDER BY id) AS entries, row_number()
        OVER (ORDER BY id) AS number
    FROM (SELECT id, device_ids FROM telemetry_rollup_due
        WHERE id <= %(newest)s ORDER BY id LIMIT %(limit)s) d
), taken AS (
    DELETE FROM telemetry_rollup_due WHERE id IN (
        SELECT id FROM oldest WHERE entries <= %(entries)s OR number = 1)
    RETURNING device_ids, phases, bucket_starts, is_again
), bucket AS (
    SELECT b.*, bool_and(is_again) AS is_again FROM taken,
        unnest(device_ids, phases, bucket_starts) AS b (device_id, phase, start)
    GROUP BY device_id, phase, start
), numbered AS (
    SELECT *, start - interval '5 minutes' * row_number()
        OVER (PARTITION BY device_id, phase, is_again ORDER BY start) AS island
    FROM bucket
)
SELECT is_again, device_id, phase, min(start), max(start) + interval '5 minutes'
FROM numbered GROUP BY is_again, device_id, phase, island

-- rollup_newest --
-- Up to where a turn goes: what is added meanwhile is the next turn's.
SELECT max(id) FROM telemetry_rollup_due

-- rollup_left --
-- Whether a turn has more to do.
SELECT EXISTS (SELECT FROM telemetry_rollup_due WHERE id <= %(newest)s)

-- rollup_manners --
-- The zone in which a device's days are, and what silence of it is.
SELECT d.id, o.timezone, d.heartbeat_interval_s
FROM devices d JOIN organizations o ON o.id = d.organization_id
WHERE d.id = ANY(%(device_ids)s)

-- rollup_plan --
-- One index range for each run, whatever the planner believes of partitions that were
-- never analyzed: a hash join would compare each run with a device's whole history.
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_material = off; SET LOCAL jit = off

-- rollup_next --
-- The bucket of the reading that follows each run, if it speaks for time within the run:
-- how long it speaks may have changed.
SELECT run.device_id, run.phase, date_bin('5 minutes', next.ts, 'epoch') AS start,
    date_bin('5 minutes', next.ts, 'epoch') + interval '5 minutes' AS stop
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],
    %(stops)s::timestamptz[], %(holds)s::interval[])
    AS run (device_id, phase, start, stop, hold)
CROSS JOIN LATERAL readings_first(run.device_id, run.phase, run.stop,
    run.stop + %(reach)s::interval, 1) next
WHERE next.ts - greatest(sampling_ms * interval '2 ms', run.hold) < run.stop

-- rollup_5m --
-- Buckets of five minutes from readings, for runs of buckets. `rollup.py` says how long
-- a reading speaks. `before_ts`: when the reading before the bucket's was; where there is
-- none, when it would have been silence. OFFSET: or the planner works out anew for every
-- sum of a bucket how long each reading speaks.
SELECT run.device_id, run.phase, made.*
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],
    %(stops)s::timestamptz[], %(holds)s::interval[])
    AS run (device_id, phase, start, stop, hold)
LEFT JOIN LATERAL readings_last(run.device_id, run.phase,
    run.start - %(reach)s::interval, run.start, 1) before ON true
CROSS JOIN LATERAL (
    SELECT bucket_start_ts, count(*)::int AS count,
        min(power) AS min_power, avg(power) AS avg_power, max(power) AS max_power,
        min(current) AS min_current, avg(current) AS avg_current,
        max(current) AS max_current,
        min(voltage) AS min_voltage, avg(voltage) AS avg_voltage,
        max(voltage) AS max_voltage,
        min(active) AS min_active_power, avg(active) AS avg_active_power,
        max(active) AS max_active_power,
        sum(spoken_s) AS covered_s, sum(active * spoken_s) / 3600 AS energy_wh,
        sum(power * spoken_s) / sum(spoken_s) AS twa_power,
        sum(current * spoken_s) / sum(spoken_s) AS twa_current,
        sum(voltage * spoken_s) / sum(spoken_s) AS twa_voltage,
        min(power_factor) AS min_power_factor, avg(power_factor) AS avg_power_factor,
        max(power_factor) AS max_power_factor,
        nullif(count(power_factor), 0)::int AS count_power_factor,
        min(frequency) AS min_frequency, avg(frequency) AS avg_frequency,
        max(frequency) AS max_frequency,
        nullif(count(frequency), 0)::int AS count_frequency,
        min(temperature) AS min_temperature, avg(temperature) AS avg_temperature,
        max(temperature) AS max_temperature,
        nullif(count(temperature), 0)::int AS count_temperature,
        greatest(0, max(spoken_s - date_part('epoch', ts - bucket_start_ts))) AS lead_s,
        min(ts - coalesce(since, greatest(sampling_ms * interval '2 ms', run.hold)))
            AS before_ts
    FROM (
        SELECT *, power * coalesce(power_factor, 1) AS active,
            date_bin('5 minutes', ts, 'epoch') AS bucket_start_ts,
            spoken_s(since, sampling_ms, run.hold) AS spoken_s
        FROM (
            SELECT *, ts - lag(ts, 1, before.ts) OVER (ORDER BY ts) AS since
            FROM readings(run.device_id, run.phase, run.start, run.stop)
        ) reading OFFSET 0
    ) weighed
    GROUP BY bucket_start_ts
) made

-- rollup_above --
-- A bucket of hours or days from those of the tier below, one for each run.
SELECT run.device_id, run.phase, run.start AS bucket_start_ts, made.*
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],
    %(stops)s::timestamptz[]) AS run (device_id, phase, start, stop)
CROSS JOIN LATERAL (
    SELECT sum(count)::int AS count,
        min(min_power) AS min_power, sum(avg_power * count) / sum(count) AS avg_power,
        max(max_power) AS max_power,
        min(min_current) AS min_current,
        sum(avg_current * count) / sum(count) AS avg_current,
        max(max_current) AS max_current,
        min(min_voltage) AS min_voltage,
        sum(avg_voltage * count) / sum(count) AS avg_voltage,
        max(max_voltage) AS max_voltage,
        min(min_active_power) AS min_active_power,
        sum(avg_active_power * count) / sum(count) AS avg_active_power,
        max(max_active_power) AS max_active_power,
        sum(covered_s) AS covered_s, sum(energy_wh) AS energy_wh,
        sum(twa_power * covered_s) / sum(covered_s) AS twa_power,
        sum(twa_current * covered_s) / sum(covered_s) AS twa_current,
        sum(twa_voltage * covered_s) / sum(covered_s) AS twa_voltage,
        min(min_power_factor) AS min_power_factor,
        sum(avg_power_factor * count_power_factor) / sum(count_power_factor)
            AS avg_power_factor,
        max(max_power_factor) AS max_power_factor,
        sum(count_power_factor)::int AS count_power_factor,
        min(min_frequency) AS min_frequency,
        sum(avg_frequency * count_frequency) / sum(count_frequency) AS avg_frequency,
        max(max_frequency) AS max_frequency,
        sum(count_frequency)::int AS count_frequency,
        min(min_temperature) AS min_temperature,
        sum(avg_temperature * count_temperature) / sum(count_temperature)
            AS avg_temperature,
        max(max_temperature) AS max_temperature,
        sum(count_temperature)::int AS count_temperature,
        greatest(0, max(lead_s - date_part('epoch', bucket_start_ts - run.start)))
            AS lead_s,
        run.start AS before_ts
    FROM telemetry_rollups_5m b
    WHERE b.device_id = run.device_id AND b.phase = run.phase
        AND b.bucket_start_ts >= run.start AND b.bucket_start_ts < run.stop
    HAVING count(*) > 0
) made

-- totals_of --
-- What the buckets of these runs give together, by organization: to the five minutes for
-- which they speak. How many readings there are counts where they are.
SELECT d.organization_id, spoken.at,
    sum(b.count) FILTER (WHERE spoken.at = b.bucket_start_ts), sum(b.energy_wh * part),
    sum(b.twa_power * b.covered_s * part), sum(b.twa_voltage * b.covered_s * part),
    sum(b.covered_s * part)
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],
    %(stops)s::timestamptz[]) AS run (device_id, phase, start, stop)
JOIN devices d ON d.id = run.device_id
JOIN telemetry_rollups_5m b ON b.device_id = run.device_id AND b.phase = run.phase
    AND b.bucket_start_ts >= run.start AND b.bucket_start_ts < run.stop
CROSS JOIN LATERAL spoken_in(b.bucket_start_ts, b.lead_s, b.covered_s) spoken
GROUP BY d.organization_id, spoken.at

-- totals_add --
-- Change totals by what their devices' buckets changed by.
INSERT INTO telemetry_totals_5m AS t (organization_id, bucket_start_ts, count, energy_wh,
    apparent_vas, volt_s, covered_s)
SELECT organization_id, date_bin(%(width)s, start, 'epoch') AS bucket, sum(count),
    sum(energy_wh), sum(apparent_vas), sum(volt_s), sum(covered_s)
FROM unnest(%(organization_ids)s::bigint[], %(starts)s::timestamptz[],
    %(counts)s::bigint[], %(energies)s::float8[], %(apparents)s::float8[],
    %(volts)s::float8[], %(covered)s::float8[])
    AS change (organization_id, start, count, energy_wh, apparent_vas, volt_s, covered_s)
GROUP BY organization_id, bucket
ORDER BY organization_id, bucket
ON CONFLICT (organization_id, bucket_start_ts) DO UPDATE SET
    count = t.count + excluded.count, energy_wh = t.energy_wh + excluded.energy_wh,
    apparent_vas = t.apparent_vas + excluded.apparent_vas,
    volt_s = t.volt_s + excluded.volt_s, covered_s = t.covered_s + excluded.covered_s

-- totals_forget --
-- Totals of time for which no reading speaks any more; their sums leave last digits.
DELETE FROM telemetry_totals_5m t
USING unnest(%(organization_ids)s::bigint[], %(starts)s::timestamptz[])
    AS gone (organization_id, start)
WHERE t.organization_id = gone.organization_id AND t.count = 0 AND t.covered_s < 1e-6
    AND t.bucket_start_ts = date_bin(%(width)s, gone.start, 'epoch')

-- totals_series --
-- An organization's totals by step, between edges in seconds after the range's begin: 1 is
-- the step after the first. A bucket at an end of the range gives the part that is in it,
-- one that is not over of the time until now.
SELECT step, sum(energy_wh * part), sum(apparent_vas * part), sum(volt_s * part),
    sum(covered_s * part)
FROM (
    SELECT t.*, width_bucket(greatest(begin_s, 0), %(edges)s::float8[]) AS step,
        (least(end_s, %(length_s)s) - greatest(begin_s, 0)) / (end_s - begin_s) AS part
    FROM (
        SELECT *, CASE WHEN %(now_s)s > begin_s THEN least(begin_s + %(width_s)s, %(now_s)s)
            ELSE begin_s + %(width_s)s END AS end_s
        FROM (
            SELECT *, date_part('epoch', bucket_start_ts) - %(since_s)s AS begin_s
            FROM telemetry_totals_5m
            WHERE organization_id = %(organization_id)s
                AND bucket_start_ts > %(since)s::timestamptz - %(width)s::interval
                AND bucket_start_ts < %(until)s
            OFFSET 0
        ) t OFFSET 0
    ) t WHERE end_s > 0 OFFSET 0
) bucket
GROUP BY step HAVING sum(covered_s * part) > %(least_s)s ORDER BY step

-- devices_series --
-- What some devices' buckets say, an index range for each phase, by the steps in which the
-- time begins and ends for which a bucket speaks: `covered_s`, of which `lead_s` are before
-- it. The bucket after a range may speak for it too. `spreading` gives each step its own.
SELECT width_bucket(begin_s, %(edges)s::float8[]) AS first,
    width_bucket(begin_s + covered_s, %(edges)s::float8[]) AS last,
    sum(energy_wh), sum(twa_power * covered_s), sum(twa_voltage * covered_s),
    sum(covered_s), sum(energy_wh / covered_s), sum(twa_power), sum(twa_voltage),
    count(*)::float8, sum(energy_wh / covered_s * begin_s), sum(twa_power * begin_s),
    sum(twa_voltage * begin_s), sum(begin_s)
FROM (
    SELECT r.covered_s, r.energy_wh, r.twa_power, r.twa_voltage,
        date_part('epoch', bucket_start_ts) - lead_s - %(since_s)s AS begin_s
    FROM telemetry_latest l CROSS JOIN LATERAL (
        SELECT * FROM telemetry_rollups_5m r
        WHERE r.device_id = l.device_id AND r.phase = l.phase
            AND r.bucket_start_ts > %(since)s::timestamptz - %(width)s::interval
            AND r.bucket_start_ts < %(until)s
        UNION ALL
        (SELECT * FROM telemetry_rollups_5m r
        WHERE r.device_id = l.device_id AND r.phase = l.phase
            AND r.bucket_start_ts >= %(until)s
            AND r.bucket_start_ts < %(until)s::timestamptz + %(reach)s::interval
        ORDER BY r.bucket_start_ts LIMIT 1)
    ) r
    WHERE l.device_id = ANY(%(device_ids)s::int[])
    OFFSET 0
) bucket
GROUP BY first, last ORDER BY first, last

-- sources --
-- How many phases report for an organization, or for some of its devices, and how many
-- are not silent now; the newest of their readings; since when any waits to be rolled up;
-- how long the slowest may be silent; the zone.
SELECT count(*), count(*) FILTER (WHERE l.ts > %(at)s::timestamptz
        - greatest(%(hold)s, d.heartbeat_interval_s * interval '1 second')),
    max(l.ts), (SELECT at FROM telemetry_rollup_due ORDER BY id LIMIT 1),
    max(d.heartbeat_interval_s), (SELECT timezone FROM organizations WHERE id = %(organization_id)s)
FROM telemetry_latest l JOIN devices d ON d.id = l.device_id
WHERE d.organization_id = %(organization_id)s
    AND (%(device_ids)s::int[] IS NULL OR d.id = ANY(%(device_ids)s::int[]))

-- expected --
-- For how long these are expected to speak in a range together, s: from their first
-- reading until now, or until their newest, as long as the next is not late.
SELECT sum(date_part('epoch', greatest(interval '0', least(%(until)s::timestamptz,
        %(at)s::timestamptz, CASE WHEN d.status = 'decommissioned'
            OR l.ts > %(at)s::timestamptz
                - greatest(%(hold)s, d.heartbeat_interval_s * interval '1 second')
            THEN l.ts END)
        - greatest(%(since)s::timestamptz, coalesce(b.ts, l.ts)))))
FROM telemetry_latest l JOIN devices d ON d.id = l.device_id
LEFT JOIN telemetry_begins b ON b.device_id = l.device_id AND b.phase = l.phase
WHERE d.organization_id = %(organization_id)s
    AND (%(device_ids)s::int[] IS NULL OR d.id = ANY(%(device_ids)s::int[]))

-- export_sources --
-- The devices and phases of an organization, or some of them, in the order of a file.
SELECT d.id, d.uuid, d.name, l.phase FROM telemetry_latest l
JOIN devices d ON d.id = l.device_id
WHERE d.organization_id = %(organization_id)s
    AND (%(device_ids)s::int[] IS NULL OR d.id = ANY(%(device_ids)s::int[]))
ORDER BY d.id, l.phase

-- rollup_again --
-- All buckets of a device, for its silence is another now.
INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts, is_again)
SELECT array_agg(device_id), array_agg(phase), array_agg(bucket_start_ts), true
FROM telemetry_rollups_5m WHERE device_id = %(device_id)s
GROUP BY date_trunc('month', bucket_start_ts)

-- rollup_partitions --
-- The partitions that hold these buckets.
SELECT telemetry_rollups_ensure(%(table)s, at) FROM unnest(%(starts)s::timestamptz[]) at

-- rollup_latest --
-- The newest readings of phases for which an older one stands, or none: a door that was
-- killed could not tell of the last it stored.
INSERT INTO telemetry_latest AS l (device_id, phase, ts, current, voltage, power,
    power_factor, frequency, temperature, energy_wh)
SELECT DISTINCT ON (run.device_id, run.phase) run.device_id, run.phase, new.ts,
    new.current, new.voltage, new.power, new.power_factor, new.frequency,
    new.temperature, new.energy_wh
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],
    %(stops)s::timestamptz[]) AS run (device_id, phase, start, stop)
LEFT JOIN telemetry_latest old ON old.device_id = run.device_id AND old.phase = run.phase
CROSS JOIN LATERAL readings_last(run.device_id, run.phase,
    coalesce(old.ts, run.start), 'infinity', 1) new
WHERE old.ts IS NULL OR old.ts < run.stop - interval '5 minutes'
ORDER BY run.device_id, run.phase, new.ts DESC
ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts,
    current = excluded.current, voltage = excluded.voltage, power = excluded.power,
    power_factor = excluded.power_factor, frequency = excluded.frequency,
    temperature = excluded.temperature, energy_wh = excluded.energy_wh
WHERE l.ts < excluded.ts

-- rollup_begins --
-- The first readings of phases in these runs, where none so early is known.
INSERT INTO telemetry_begins AS known (device_id, phase, ts)
SELECT DISTINCT ON (run.device_id, run.phase) run.device_id, run.phase, first.ts
FROM unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],
    %(stops)s::timestamptz[]) AS run (device_id, phase, start, stop)
LEFT JOIN telemetry_begins b ON b.device_id = run.device_id AND b.phase = run.phase
CROSS JOIN LATERAL
    readings_first(run.device_id, run.phase, run.start, run.stop, 1) first
WHERE b.ts IS NULL OR run.start < b.ts
ORDER BY run.device_id, run.phase, first.ts
ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts
    WHERE excluded.ts < known.ts

-- verify_spans --
-- From the first to the newest reading or bucket of each device and phase; buckets of
-- which retention took the readings are left out.
SELECT l.device_id, l.phase, least(first.ts, greatest(bucket.first, gone.upper)),
    greatest(l.ts, last.ts, bucket.last)
FROM telemetry_latest l
CROSS JOIN LATERAL readings_begin(l.device_id, l.phase) AS first (ts)
LEFT JOIN LATERAL readings_last(l.device_id, l.phase, l.ts, 'infinity', 1) last ON true
CROSS JOIN LATERAL (
    SELECT min(b.bucket_start_ts) AS first, max(b.bucket_start_ts) AS last
    FROM telemetry_rollups_5m b WHERE b.device_id = l.device_id AND b.phase = l.phase
) bucket
CROSS JOIN LATERAL (
    SELECT max(upper) AS upper FROM telemetry_dropped gone
    WHERE tier = 'raw' AND has_lost(gone, l.device_id)
) gone
WHERE (first.ts IS NOT NULL OR bucket.first IS NOT NULL)
    AND (%(device_id)s::int IS NULL OR l.device_id = %(device_id)s)
ORDER BY l.device_id, l.phase

-- verify_due --
-- Whether a bucket waits to be made anew, or the one before it, whose readings say how
-- long those of this one speak: then it may differ.
SELECT EXISTS (
    SELECT FROM telemetry_rollup_due,
        unnest(device_ids, phases, bucket_starts) AS b (device_id, phase, start)
    WHERE b.device_id = %(device_id)s AND b.phase = %(phase)s
        AND b.start >= %(start)s::timestamptz - %(reach)s::interval AND b.start < %(stop)s
        AND NOT EXISTS (SELECT FROM telemetry_rollups_5m r
            WHERE r.device_id = b.device_id AND r.phase = b.phase
                AND r.bucket_start_ts > b.start AND r.bucket_start_ts < %(start)s)
)

-- verify_totals_spans --
-- From the first to the newest hour of each organization, by its totals and by the time
-- for which the buckets speak that they are of.
SELECT organization_id, min(first), max(last) FROM (
    SELECT o.id AS organization_id, t.first, t.last
    FROM organizations o CROSS JOIN LATERAL (
        SELECT min(bucket_start_ts) AS first, max(bucket_start_ts) AS last
        FROM telemetry_totals_5m WHERE organization_id = o.id
        UNION ALL
        SELECT min(bucket_start_ts), max(bucket_start_ts)
        FROM telemetry_totals_1h WHERE organization_id = o.id
    ) t
    UNION ALL
    SELECT d.organization_id, first.bucket_start_ts - make_interval(secs => first.lead_s),
        last.bucket_start_ts
    FROM devices d JOIN telemetry_latest l ON l.device_id = d.id
    CROSS JOIN LATERAL (
        SELECT bucket_start_ts, lead_s FROM telemetry_rollups_5m b
        WHERE b.device_id = d.id AND b.phase = l.phase ORDER BY bucket_start_ts LIMIT 1
    ) first
    CROSS JOIN LATERAL (
        SELECT bucket_start_ts FROM telemetry_rollups_5m b
        WHERE b.device_id = d.id AND b.phase = l.phase
        ORDER BY bucket_start_ts DESC LIMIT 1
    ) last
) every
WHERE first IS NOT NULL GROUP BY organization_id ORDER BY organization_id

-- verify_totals --
-- Totals as their devices' buckets give them beside those kept; not where five minutes
-- are gone that may have spoken for them, for totals outlive them.
SELECT bucket, made.count, made.energy_wh, made.apparent_vas, made.volt_s, made.covered_s,
    kept.count, kept.energy_wh, kept.apparent_vas, kept.volt_s, kept.covered_s
FROM (
    SELECT date_bin(%(width)s, spoken.at, 'epoch') AS bucket,
        coalesce(sum(b.count) FILTER (WHERE spoken.at = b.bucket_start_ts), 0) AS count,
        sum(b.energy_wh * part) AS energy_wh,
        sum(b.twa_power * b.covered_s * part) AS apparent_vas,
        sum(b.twa_voltage * b.covered_s * part) AS volt_s,
        sum(b.covered_s * part) AS covered_s
    FROM devices d JOIN telemetry_rollups_5m b ON b.device_id = d.id
    CROSS JOIN LATERAL spoken_in(b.bucket_start_ts, b.lead_s, b.covered_s) spoken
    WHERE d.organization_id = %(organization_id)s AND b.bucket_start_ts >= %(start)s
        AND b.bucket_start_ts < %(stop)s::timestamptz + %(reach)s::interval
        AND spoken.at >= %(start)s AND spoken.at < %(stop)s
    GROUP BY bucket
) made FULL JOIN (
    SELECT bucket_start_ts AS bucket, count, energy_wh, apparent_vas, volt_s, covered_s
    FROM telemetry_totals_5m
    WHERE organization_id = %(organization_id)s
        AND bucket_start_ts >= %(start)s AND bucket_start_ts < %(stop)s
) kept USING (bucket)
WHERE NOT EXISTS (SELECT FROM telemetry_dropped
    WHERE tier = '5m' AND lower < bucket + %(width)s + %(reach)s AND upper > bucket)
ORDER BY bucket

-- zone_spans --
-- From the first to the newest bucket of a device, by phase.
SELECT phase, min(bucket_start_ts), max(bucket_start_ts) FROM telemetry_rollups_5m
WHERE device_id = %(device_id)s GROUP BY phase ORDER BY phase

-- zone_forget --
-- Days that are made anew: those that reach into the time of what they are made of. One of
-- 25 hours may begin earlier; so may one before it of what is gone, which stays.
DELETE FROM telemetry_rollups_1d WHERE device_id = %(device_id)s AND phase = %(phase)s
    AND (bucket_start_ts > %(start)s::timestamptz - interval '1 day'
        OR bucket_start_ts > %(start)s::timestamptz - interval '25 hours' AND NOT EXISTS (
            SELECT FROM telemetry_dropped WHERE tier IN ('5m', '1h')
                AND lower < %(start)s AND upper > bucket_start_ts))

-- arrivals_note --
-- On which days readings arrived now; retention counts from here.
INSERT INTO telemetry_arrival_days (day, last_arrival_at)
SELECT DISTINCT day, %(at)s::timestamptz
FROM unnest(%(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS run (start, stop),
    generate_series(date_trunc('day', start, 'UTC'), stop - interval '1 microsecond',
        interval '1 day') AS day
ON CONFLICT (day) DO UPDATE SET last_arrival_at = excluded.last_arrival_at

-- partitions_of --
-- The partitions of a table with their range, the oldest first.
-- The number of rows is PostgreSQL's own guess; by their bytes where it has none yet.
SELECT c.relname, (bounds)[1]::timestamptz AS lower, (bounds)[2]::timestamptz AS upper,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_relation_size(c.oid) / 90 END
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
    'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') AS bounds
WHERE inhparent = %(table)s::regclass ORDER BY lower

-- chunks_make --
-- Chunks of the devices and phases that have rows in a partition, of those rows and of
-- the chunks they had; in the order of the table's columns.
SELECT l.device_id, made.*
FROM telemetry_latest l CROSS JOIN LATERAL (
    SELECT count(*), min(ts), max(ts), l.phase, array_agg(ts ORDER BY ts),
        array_agg(current ORDER BY ts), array_agg(voltage ORDER BY ts),
        CASE WHEN bool_or(power <> current * voltage) THEN array_agg(power ORDER BY ts) END,
        array_agg(sampling_ms ORDER BY ts),
        CASE WHEN count(energy_wh) > 0 THEN array_agg(energy_wh ORDER BY ts) END,
        CASE WHEN count(power_factor) > 0 THEN array_agg(power_factor ORDER BY ts) END,
        CASE WHEN count(frequency) > 0 THEN array_agg(frequency ORDER BY ts) END,
        CASE WHEN count(temperature) > 0 THEN array_agg(temperature ORDER BY ts) END,
        CASE WHEN count(flags) > 0 THEN array_agg(flags ORDER BY ts) END
    FROM (
        SELECT *, (row_number() OVER (ORDER BY ts) - 1) / %(size)s AS number
        FROM readings(l.device_id, l.phase, %(lower)s, %(upper)s)
    ) numbered
    GROUP BY number
) made
WHERE EXISTS (
    SELECT FROM power_records r WHERE r.device_id = l.device_id AND r.phase = l.phase
)

-- chunks_keep --
-- The chunks of the others, as they are.
SELECT * FROM power_chunks c WHERE NOT EXISTS (
    SELECT FROM power_records r WHERE r.device_id = c.device_id AND r.phase = c.phase
)

-- retention_turn --
-- Whether nobody else takes partitions away; until the transaction ends.
SELECT pg_try_advisory_xact_lock(%(lock)s)

-- retention_waited --
-- Whether somebody waits for a table.
SELECT EXISTS (SELECT FROM pg_locks
    WHERE relation = to_regclass(%(table)s) AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))

-- retention_shortest --
-- The shortest retention that any rule gives; what is younger need not be looked at.
SELECT min(days) FROM (SELECT unnest(ARRAY[raw_days, days_5m, days_1h, days_1d]) AS days
    FROM telemetry_retention) every WHERE days > 0

-- retention_keepers --
-- Devices whose rows of a range are still kept: those of the longest rule of their tags,
-- else of their organization's rule, else of the installation's; and those on hold, whose
-- rollups stay as long as the readings they are made of.
SELECT d.id FROM devices d
LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_or(raw_days = 0) THEN 0 ELSE max(raw_days) END AS days
    FROM telemetry_retention r
    WHERE r.organization_id = d.organization_id AND r.tag <> '' AND r.tag = ANY(d.tags)
) class ON true
LEFT JOIN telemetry_retention o ON o.organization_id = d.organization_id AND o.tag = ''
CROSS JOIN LATERAL (
    SELECT coalesce(class.days, o.raw_days, %(default)s::int) AS days
) kept
WHERE kept.days = 0
    OR %(upper)s::timestamptz > %(at)s::timestamptz - kept.days * interval '1 day'
    OR d.id IN (SELECT device_id FROM telemetry_holds)
ORDER BY d.id

-- retention_arrival --
-- When rows of a range last arrived.
SELECT max(last_arrival_at) FROM telemetry_arrival_days
WHERE day >= %(lower)s AND day < %(upper)s

-- retention_due --
-- Whether readings of a range wait to be rolled up.
SELECT EXISTS (
    SELECT FROM telemetry_rollup_due, unnest(bucket_starts) AS start
    WHERE start >= %(lower)s AND start < %(upper)s
)

-- retention_record --
-- What goes from a partition, and which devices lose nothing.
INSERT INTO telemetry_dropped (tier, lower, upper, kept, newest_device_id, dropped_at)
SELECT %(tier)s, %(lower)s, %(upper)s,
    ARRAY(SELECT id FROM devices d WHERE d.id = ANY(%(kept)s::int[])
        OR NOT EXISTS (SELECT FROM power_records WHERE device_id = d.id) ORDER BY id),
    (SELECT coalesce(max(id), 0) FROM devices), %(at)s

-- readings_partitions --
-- The partitions that hold these readings.
SELECT power_records_partition_ensure(ts, %(at)s) FROM unnest(%(ts)s::timestamptz[]) ts

-- readings_store --
-- Readings from the control plane, as the ingest door stores its own: what is due in the
-- same statement, and their phases known.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(device_id)s::int[], %(phase)s::text[], %(ts)s::timestamptz[],
        %(current)s::float8[], %(voltage)s::float8[], %(power)s::float8[],
        %(sampling_ms)s::int[], %(power_factor)s::real[], %(frequency)s::real[],
        %(temperature)s::real[], %(energy_wh)s::float8[], %(flags)s::jsonb[])
        AS r (device_id, phase, ts, current, voltage, power, sampling_ms, power_factor,
            frequency, temperature, energy_wh, flags)
), ins AS (
    INSERT INTO power_records (device_id, phase, ts, current, voltage, power,
        sampling_ms, power_factor, frequency, temperature, energy_wh, flags)
    SELECT * FROM given g WHERE NOT EXISTS (
        SELECT FROM readings(g.device_id, g.phase, g.ts, g.ts + interval '1 microsecond')
    )
    ON CONFLICT DO NOTHING RETURNING device_id, phase, ts
), due AS (
    INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
    SELECT array_agg(device_id), array_agg(phase),
        array_agg(date_bin('5 minutes', ts, 'epoch')) FROM ins HAVING count(*) > 0
), newest AS (
    INSERT INTO telemetry_latest AS l (device_id, phase, ts, current, voltage, power,
        power_factor, frequency, temperature, energy_wh)
    SELECT DISTINCT ON (device_id, phase) device_id, phase, ts, current, voltage, power,
        power_factor, frequency, temperature, energy_wh
    FROM given ORDER BY device_id, phase, ts DESC
    ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts,
        current = excluded.current, voltage = excluded.voltage, power = excluded.power,
        power_factor = excluded.power_factor, frequency = excluded.frequency,
        temperature = excluded.temperature, energy_wh = excluded.energy_wh
    WHERE l.ts < excluded.ts
)
SELECT device_id, count(*), max(ts) FROM ins GROUP BY device_id ORDER BY device_id

-- readings_arrived --
-- What of a device came after all.
UPDATE telemetry_arrivals SET accepted = accepted + %(count)s,
    last_reading_at = greatest(last_reading_at, %(newest)s), last_arrival_at = %(at)s
WHERE device_id = %(device_id)s
