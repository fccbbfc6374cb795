SELECT time, {trend}
FROM
(
    SELECT time, {balance}, n
    FROM
    (
        SELECT {bucket} AS time, sum(positive) AS plus, sum(negative) AS minus, sum(texts) AS n
        FROM {counted}
        GROUP BY time
    )
)
ORDER BY time
