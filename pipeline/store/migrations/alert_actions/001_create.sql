-- What people did about alerts. An action that is written twice is one.
CREATE TABLE alert_actions
(
    alert_id String,
    -- Microseconds since 1970, event time.
    at_us Int64,
    action_id String,
    customer_id String,
    kind String,
    by String,
    assignee String,
    -- Microseconds since 1970; 0: none.
    until_us Int64,
    outcome String,
    note String,
    undoes String,
    at DateTime('UTC') ALIAS toDateTime(intDiv(at_us, 1000000), 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (alert_id, at_us, action_id)
