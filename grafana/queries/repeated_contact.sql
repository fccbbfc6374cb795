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
            FROM events FINAL
            PREWHERE {is_contact} OR {may_replace}
            WHERE {of_events} AND {is_contact}
            GROUP BY customer_id
        )
    )
)
