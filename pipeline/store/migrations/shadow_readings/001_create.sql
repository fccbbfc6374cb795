-- What another engine would have said of stored texts; nothing else reads it.
CREATE TABLE shadow_readings
(
    minute DateTime('UTC'),
    event_id String,
    revision UInt32,
    engine String,
    engine_version String,
    label String,
    p_negative Float64,
    p_neutral Float64,
    p_positive Float64,
    reread_at UInt32
)
ENGINE = ReplacingMergeTree(reread_at)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, event_id, engine, engine_version)
