CREATE TABLE events
(
    -- The minute of occurred_at: what KPI minutes are made of.
    minute DateTime('UTC'),
    event_id String,
    -- 1: the event has moved to another minute (a later revision has another occurred_at).
    is_deleted UInt8,
    -- Microseconds since 1970, exact; the readable column below is made from them.
    occurred_us Int64,
    received_us Int64,
    occurred_at DateTime('UTC') ALIAS toDateTime(intDiv(occurred_us, 1000000), 'UTC'),
    -- Of the rows of one (minute, event_id) the highest is true.
    revision UInt32,
    customer_id String,
    channel String,
    type String,
    author_type String,
    -- In this and every later column '' means: not given.
    text String,
    title String,
    language String,
    metric String,
    score Float64,
    scale_min Float64,
    scale_max Float64,
    touchpoint String,
    ticket_id String,
    order_id String,
    product String,
    segment String,
    account_id String,
    brand String,
    source String,
    -- A JSON object.
    attributes String,
    -- The reading of the text; '' where there is no text.
    label String,
    p_negative Float64,
    p_neutral Float64,
    p_positive Float64,
    intensity Float64,
    read_language String,
    engine String,
    engine_version String,
    -- A JSON array of {name, start, end}.
    intents String
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, event_id)
