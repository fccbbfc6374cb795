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
                SELECT customer_id, countIf(contacted_us != 0 AND contacted_us <= contact_due_us) AS own_plus, 0 AS own_minus,
                    count() AS own_n
                FROM worked_cases
                WHERE contact_due_us >= {from_us} AND contact_due_us < {now_us} AND {alert_filters}
                GROUP BY customer_id
            )
        )
    )
)
