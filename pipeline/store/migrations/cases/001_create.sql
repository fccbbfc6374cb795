-- The case of each customer, all causes in one.
CREATE TABLE cases
(
    case_id String,
    revision UInt32,
    customer_id String,
    severity String,
    stage String,
    -- '' in this and the next ones: none.
    owner String,
    outcome String,
    end String,
    brand String,
    segment String,
    channel String,
    escalation UInt32,
    alert_ids Array(String),
    -- Microseconds since 1970, event time; 0: not so far, or none.
    opened_us Int64,
    updated_us Int64,
    acknowledged_us Int64,
    contacted_us Int64,
    informed_us Int64,
    ended_us Int64,
    acknowledge_due_us Int64,
    contact_due_us Int64,
    opened_at DateTime('UTC') ALIAS toDateTime(intDiv(opened_us, 1000000), 'UTC'),
    updated_at DateTime('UTC') ALIAS toDateTime(intDiv(updated_us, 1000000), 'UTC'),
    -- The whole case as JSON.
    case String
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY case_id
