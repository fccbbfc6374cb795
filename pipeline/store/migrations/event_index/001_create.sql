-- Every minute that an event has ever been stored in; its present one has the highest revision.
CREATE TABLE event_index
(
    event_id String,
    minute DateTime('UTC'),
    revision UInt32
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (event_id, minute)
SETTINGS index_granularity = 256
