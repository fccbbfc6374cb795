-- The index of stored events, formed anew; a tombstone says where an event was.
INSERT INTO known_events (event_id, minute, revision)
SELECT event_id, minute, revision FROM events
