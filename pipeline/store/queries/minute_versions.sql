-- How far the events of each minute have come: higher with each event, later revision, reading with patience after
-- one in haste, and later reading, whoever wrote it, and whatever the clocks said. Earlier releases took nanoseconds for
-- it, which the constant exceeds. Where events are deleted, the sum falls: delete the minute's rows first.
SELECT toUnixTimestamp(minute) AS at, toUInt64(2000000000000000000 + sum(2 * revision + (hurried = 0) + 1) + sum(reread_at))
FROM events FINAL
WHERE minute IN %(minutes)s
GROUP BY at
