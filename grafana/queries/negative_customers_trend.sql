SELECT time, {trend}
FROM
(
    SELECT time, {share}, n
    FROM
    (
        SELECT time, uniqExact(customer_id) AS n, uniqExactIf(customer_id, alerted) AS k
        FROM
        (
            -- Whether an alert of the customer was open in the interval: more were opened before its end than
            -- closed before its beginning.
            SELECT time, customer_id,
                arrayCount(at -> at < (toUnixTimestamp(time) + $__interval_s) * 1000000, openings)
                    > arrayCount(at -> at < toUnixTimestamp(time) * 1000000, closings) AS alerted
            FROM
            (
                SELECT DISTINCT {bucket} AS time, customer_id
                FROM events FINAL
                WHERE {of_active}
            ) AS active
            ANY LEFT JOIN
            (
                SELECT customer_id, groupArray(opened_us) AS openings, groupArrayIf(closed_us, closed_us > 0) AS closings
                FROM alerts FINAL
                WHERE state != 'withdrawn'
                GROUP BY customer_id
            ) AS alerted_customers
            USING (customer_id)
        )
        GROUP BY time
    )
)
ORDER BY time
