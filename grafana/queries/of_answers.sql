-- A KPI of answers; a customer may give several.
SELECT {headline}
FROM
(
    SELECT {estimate}, n, customers
    FROM
    (
        SELECT *, {design_effect} AS effect
        FROM
        (
            SELECT {spread}
            FROM
            (
                SELECT customer_id, {own_answers}
                FROM {events_once}
                GROUP BY customer_id
            )
        )
    )
)
