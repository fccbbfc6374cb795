-- What each customer did, in order: the columns of `events` that journeys are followed by.
CREATE TABLE timelines
(
    customer_id String,
    minute DateTime('UTC'),
    event_id String,
    revision UInt32,
    -- 1: the event has moved to another minute or another customer.
    is_deleted UInt8,
    occurred_us Int64,
    type String,
    ticket_id String,
    author_type String,
    internal UInt8,
    handoff UInt8,
    channel String,
    touchpoint String,
    segment String,
    brand String,
    source String
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(minute)
ORDER BY (customer_id, minute, event_id)
SETTINGS index_granularity = 256
