CREATE TABLE audit
(
    -- Microseconds since 1970.
    at_us Int64,
    audit_id String,
    who String,
    role String,
    what String,
    status UInt16,
    address String,
    customer_id String,
    alert_id String,
    at DateTime('UTC') ALIAS toDateTime(intDiv(at_us, 1000000), 'UTC')
)
-- An entry that is written twice, after a failure, is one.
ENGINE = ReplacingMergeTree
ORDER BY (at_us, audit_id)
