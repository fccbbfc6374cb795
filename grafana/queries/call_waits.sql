-- How long callers wait in the queue, if the source says so (attribute waited_s; wait_seconds in older events). Calls
-- to customers are none of theirs.
SELECT time, if(shown AND NOT {is_unfinished}, middle, NULL) AS median_wait,
    if(shown AND NOT {is_unfinished}, slow, NULL) AS p90_wait,
    if(shown AND {is_unfinished}, middle, NULL) AS unfinished
FROM
(
    SELECT {bucket} AS time, count() >= ${enough} AND uniqExact(customer_id) >= {fewest} AS shown,
        quantile(0.5)(seconds) AS middle, quantile(0.9)(seconds) AS slow
    FROM
    (
        SELECT minute, customer_id, coalesce(
            toFloat64OrNull(replaceAll(simpleJSONExtractRaw(attributes, 'waited_s'), '"', '')),
            toFloat64OrNull(replaceAll(simpleJSONExtractRaw(attributes, 'wait_seconds'), '"', ''))) AS seconds
        FROM events FINAL
        PREWHERE type = 'call' OR {may_replace}
        WHERE {of_events} AND type = 'call' AND author_type = 'customer'
            AND simpleJSONExtractString(attributes, 'direction') != 'out' AND seconds IS NOT NULL
    )
    GROUP BY time
)
ORDER BY time
