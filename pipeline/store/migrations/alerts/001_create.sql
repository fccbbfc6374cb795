CREATE TABLE alerts
(
    id String,
    revision UInt32,
    customer_id String,
    cause String,
    severity String,
    state String,
    brand String,
    segment String,
    channel String,
    -- Microseconds since 1970, event time; closed_us is 0 while the alert is open.
    opened_us Int64,
    updated_us Int64,
    closed_us Int64,
    opened_at DateTime('UTC') ALIAS toDateTime(intDiv(opened_us, 1000000), 'UTC'),
    -- The whole alert as JSON.
    alert String
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY id
