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
                arrayCount(at -> at < (start_s + $__interval_s) * 1000000, openings)
                    > arrayCount(at -> at < start_s * 1000000, closings) AS alerted
            FROM
            (
                SELECT time, start_s, customer_id, openings, closings
                FROM
                (
                    SELECT {bucket} AS time, toInt64(toUInt32({bucket})) AS start_s, customer_id
                    FROM events FINAL
                    WHERE {of_active}
                    GROUP BY time, start_s, customer_id
                ) AS active
                ANY LEFT JOIN
                (
                    SELECT customer_id, groupArray(opened_us) AS openings,
                        arrayFilter(at -> at > 0, groupArray(closed_us)) AS closings
                    FROM alerts FINAL
                    WHERE state != 'withdrawn'
                    GROUP BY customer_id
                ) AS alerted_customers
                USING (customer_id)
            )
            -- Always so: ClickHouse 18 gives a lambda only columns that are used outside of one too.
            WHERE start_s > 0
        )
        GROUP BY time
    )
)
ORDER BY time
