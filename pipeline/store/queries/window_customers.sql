-- Customers who were active in the window, and those of them who had an open alert in it; their calls; and their
-- answers, with how these are spread over customers (`Spread` in pipeline.kpi.formulas). What a customer answered
-- again on one occasion counts as it was answered last.
SELECT {of}, count(), countIf(alerted), {answer_sums}, {spreads}
FROM
(
    SELECT {by}, customer_id, customer_id IN
        (
            SELECT customer_id
            FROM alerts FINAL
            WHERE state != 'withdrawn' AND opened_us < %(end)s
                AND (closed_us = 0 OR closed_us >= %(start)s)
        ) AS alerted,
        {answer_counts}
    FROM
    (
        SELECT * REPLACE (if(event_id IN {repeated_answers}, '', metric) AS metric)
        FROM events FINAL
        WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
            AND is_deleted = 0 AND occurred_us >= %(start)s AND occurred_us < %(end)s
            AND type NOT IN ({types.bookkeeping})
    )
    GROUP BY {keys}
)
GROUP BY {of}
