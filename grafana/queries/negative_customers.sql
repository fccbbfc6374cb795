SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM
    (
        SELECT uniqExact(customer_id) AS n, uniqExactIf(customer_id, customer_id IN {had_open_alert}) AS k
        FROM events FINAL
        WHERE {of_active}
    )
)
