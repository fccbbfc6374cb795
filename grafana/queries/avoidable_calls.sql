SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM
    (
        SELECT countIf(position(intents, '"name":"ask_status"') > 0) AS k, count() AS n
        FROM events FINAL
        PREWHERE type = 'call' OR {may_replace}
        WHERE {of_events} AND type = 'call' AND author_type = 'customer' AND label != ''
    )
)
