SELECT {headline}
FROM
(
    SELECT {balance}, n
    FROM
    (
        SELECT sum(positive) AS plus, sum(negative) AS minus, sum(texts) AS n
        FROM {counted}
    )
)
