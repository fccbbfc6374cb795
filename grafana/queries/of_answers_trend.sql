-- The same for each interval.
SELECT time, {trend}
FROM
(
    SELECT time, {estimate}, n
    FROM
    (
        SELECT *, {design_effect} AS effect
        FROM
        (
            SELECT time, {spread}
            FROM
            (
                SELECT {bucket} AS time, customer_id, {own_answers}
                FROM {events_once}
                GROUP BY time, customer_id
            )
            GROUP BY time
        )
    )
)
ORDER BY time
