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
                SELECT customer_id, countIf(solved) AS own_plus, 0 AS own_minus, count() AS own_n
                FROM {sessions}
                GROUP BY customer_id
            )
        )
    )
)
