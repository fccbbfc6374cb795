-- Every minute that an event has ever been stored in; its present one has the highest revision.
-- By the hash first: it alone is read to find that an event is new, whatever ids look like.
CREATE TABLE known_events
(
    event_id String,
    hash UInt64 MATERIALIZED cityHash64(event_id),
    minute DateTime('UTC'),
    revision UInt32
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (hash, event_id, minute)
SETTINGS index_granularity = 256
