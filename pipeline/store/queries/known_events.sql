-- The revision of each event and every minute that it has been in; where hashes collide, of others too.
SELECT event_id, max(revision), groupUniqArray(toUnixTimestamp(minute))
FROM known_events
PREWHERE hash IN (SELECT cityHash64(name) FROM names)
GROUP BY event_id
