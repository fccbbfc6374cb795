SELECT time, {trend}
FROM
(
    SELECT time, {share}, n
    FROM
    (
        SELECT {bucket} AS time, sum(csat_satisfied) AS k, sum(csat_answers) AS n
        FROM {counted}
        GROUP BY time
    )
)
ORDER BY time
