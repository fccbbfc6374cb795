SELECT time, {trend}
FROM
(
    SELECT time, {median}, n
    FROM
    (
        SELECT {bucket} AS time, arraySort(groupArray(assumeNotNull(minutes))) AS xs, count() AS n
        FROM
        (
            SELECT minutes, toDateTime(intDiv(started_us, 60000000) * 60, 'UTC') AS minute
            FROM {clocks}
            WHERE minutes IS NOT NULL
        )
        GROUP BY time
    )
)
ORDER BY time
