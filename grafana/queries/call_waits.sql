-- How long callers wait in the queue, if the source says so (attribute wait_seconds).
SELECT time, if(shown AND NOT {is_unfinished}, middle, NULL) AS median_wait,
    if(shown AND NOT {is_unfinished}, slow, NULL) AS p90_wait,
    if(shown AND {is_unfinished}, middle, NULL) AS unfinished
FROM
(
    SELECT {bucket} AS time, count() >= ${enough} AND uniqExact(customer_id) >= {fewest} AS shown,
        quantile(0.5)(seconds) AS middle, quantile(0.9)(seconds) AS slow
    FROM
    (
        SELECT minute, customer_id, simpleJSONExtractUInt(attributes, 'wait_seconds') AS seconds
        FROM events FINAL
        PREWHERE type = 'call' OR {may_replace}
        WHERE {of_events} AND type = 'call' AND position(attributes, '"wait_seconds":') > 0
    )
    GROUP BY time
)
ORDER BY time
