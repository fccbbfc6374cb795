-- Stored texts in key order, after the last one that was read.
SELECT {columns}
FROM events FINAL
PREWHERE minute >= toDateTime(%(from_minute)s, 'UTC') AND minute <= toDateTime(%(to_minute)s, 'UTC')
WHERE is_deleted = 0 AND text != '' AND label != ''
    AND occurred_us >= %(from_us)s AND occurred_us < %(to_us)s
    AND (minute > toDateTime(%(after_minute)s, 'UTC')
        OR (minute = toDateTime(%(after_minute)s, 'UTC') AND event_id > %(after_id)s))
ORDER BY minute, event_id
LIMIT %(limit)s
