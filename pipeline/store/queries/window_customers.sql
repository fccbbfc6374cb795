-- Customers who were active in the window, and those of them who had an open alert in it; calls; and of the
-- answers of each KPI, how they are spread over customers (`Spread` in pipeline.kpi.formulas).
SELECT {of}, count(), countIf(alerted), sum(calls), sum(avoidable_calls), {spreads}
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
    FROM events FINAL
    WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
        AND is_deleted = 0 AND occurred_us >= %(start)s AND occurred_us < %(end)s
        AND type NOT IN ({types.bookkeeping})
    GROUP BY {keys}
)
GROUP BY {of}
