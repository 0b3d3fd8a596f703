-- bucket_take --
-- Put one failure into a bucket, unless it would overflow: then there is no row.
INSERT INTO login_buckets AS b (key, level, at) VALUES (%(key)s, 1, %(at)s)
ON CONFLICT (key) DO UPDATE SET at = excluded.at, level = 1 + greatest(0, b.level
    - %(drain)s * greatest(0, extract(epoch FROM excluded.at - b.at)::float8))
WHERE 1 + greatest(0, b.level
    - %(drain)s * greatest(0, extract(epoch FROM excluded.at - b.at)::float8))
    <= %(capacity)s
RETURNING key

-- bucket_refund --
-- It was no failure after all.
UPDATE login_buckets SET level = greatest(0, level - 1) WHERE key = ANY(%(keys)s)

-- bucket_prune --
-- What drained long ago.
DELETE FROM login_buckets WHERE at < %(at)s::timestamptz - interval '1 day'
