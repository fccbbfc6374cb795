INSERT INTO known_events (event_id, minute, revision)
SELECT event_id, minute, revision FROM event_index
