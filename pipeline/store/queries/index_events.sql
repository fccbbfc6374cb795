-- Rebuilds the index of stored events; tombstones say where an event was before.
INSERT INTO known_events (event_id, minute, revision)
SELECT event_id, minute, revision FROM events
