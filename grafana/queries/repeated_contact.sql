SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM
    (
        SELECT countIf(contacts >= 2) AS k, count() AS n
        FROM
        (
            SELECT customer_id, count() AS contacts
            FROM {contacts}
            GROUP BY customer_id
        )
    )
)
