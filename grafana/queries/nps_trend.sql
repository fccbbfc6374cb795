SELECT time, {trend}
FROM
(
    SELECT time, {balance}, n
    FROM
    (
        SELECT {bucket} AS time, sum(promoters) AS plus, sum(detractors) AS minus, sum(nps_answers) AS n
        FROM {counted}
        GROUP BY time
    )
)
ORDER BY time
