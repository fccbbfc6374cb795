-- Counts of one minute and one slice, recomputed from the events whenever the minute changes.
CREATE TABLE kpi_minutes
(
    minute DateTime('UTC'),
    channel String,
    touchpoint String,
    segment String,
    brand String,
    source String,
    version UInt64,
    events UInt64,
    texts UInt64,
    positive UInt64,
    neutral UInt64,
    negative UInt64,
    nps_answers UInt64,
    promoters UInt64,
    passives UInt64,
    detractors UInt64,
    csat_answers UInt64,
    csat_satisfied UInt64,
    -- The sum of the answers in thousandths: sums of integers do not depend on their order.
    csat_thousandths UInt64,
    ces_answers UInt64,
    ces_easy UInt64,
    complaints UInt64,
    orders UInt64,
    returns UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, channel, touchpoint, segment, brand, source)
