-- The customer and the minute of stored events that are about to be replaced.
SELECT DISTINCT event_id, customer_id, toUnixTimestamp(minute)
FROM events
WHERE minute IN (SELECT minute FROM known_events WHERE hash IN (SELECT cityHash64(name) FROM names))
    AND event_id IN (SELECT name FROM names)
