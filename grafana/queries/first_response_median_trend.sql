SELECT time, {trend}
FROM
(
    SELECT time, {median_wait}, n
    FROM
    (
        SELECT time, {wait_quantiles}, are_few, n
        FROM
        (
            SELECT time, {wait_points}, {median_ranks}, waits, n
            FROM
            (
                SELECT {bucket} AS time, arraySort(groupArray((minutes, is_running))) AS waits, count() AS n
                FROM
                (
                    SELECT minutes, is_running, toDateTime(intDiv(started_us, 60000000) * 60, 'UTC') AS minute
                    FROM {clocks}
                )
                GROUP BY time
            )
        )
    )
)
ORDER BY time
