CREATE TABLE dead_letters
(
    topic String,
    partition UInt32,
    offset UInt64,
    -- Microseconds since 1970; 0 until it is retried, so that the retried one replaces the first.
    retried_us UInt64,
    reason String,
    received_at DateTime('UTC'),
    stored_at DateTime('UTC') DEFAULT now(),
    -- The whole dead letter as JSON.
    letter String
)
ENGINE = ReplacingMergeTree(retried_us)
ORDER BY (topic, partition, offset)
