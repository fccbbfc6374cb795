-- The revision of each event and every minute it has been stored in; also of events whose hashes collide.
SELECT event_id, max(revision), groupUniqArray(toUnixTimestamp(minute))
FROM known_events
PREWHERE hash IN (SELECT cityHash64(name) FROM names)
GROUP BY event_id
