-- Events stored with a reading made in haste.
SELECT event_id
FROM events FINAL
WHERE minute IN (SELECT minute FROM known_events WHERE hash IN (SELECT cityHash64(name) FROM names))
    AND event_id IN (SELECT name FROM names)
    AND hurried = 1
    AND is_deleted != 1
