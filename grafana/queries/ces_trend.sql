SELECT time, {trend}
FROM
(
    SELECT time, {share}, n
    FROM
    (
        SELECT {bucket} AS time, sum(ces_easy) AS k, sum(ces_answers) AS n
        FROM {counted}
        GROUP BY time
    )
)
ORDER BY time
