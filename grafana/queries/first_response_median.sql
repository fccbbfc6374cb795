SELECT {headline}
FROM
(
    SELECT {median_wait}, n
    FROM
    (
        SELECT {wait_quantiles}, are_few, n
        FROM
        (
            SELECT {wait_points}, {median_ranks}, waits, n
            FROM
            (
                SELECT arraySort(groupArray((minutes, is_running))) AS waits, count() AS n
                FROM {clocks}
            )
            WHERE n > 0
        )
    )
)
