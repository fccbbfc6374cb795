SELECT {headline}
FROM
(
    SELECT {share_of_people}, n, customers
    FROM
    (
        SELECT *, {design_effect} AS effect
        FROM
        (
            SELECT {spread}
            FROM
            (
                SELECT customer_id, countIf(end = 'nobody_came') AS own_plus, 0 AS own_minus,
                    count() AS own_n
                FROM worked_cases
                WHERE ended_us >= {from_us} AND ended_us < {now_us} AND end != 'withdrawn' AND {alert_filters}
                GROUP BY customer_id
            )
        )
    )
)
