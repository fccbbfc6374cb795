SELECT if(channel = '', '{word.not_given}', {channel_title}) AS channel_shown, n - waiting AS answered, waiting,
    if(n < ${enough}, NULL, ifNull(reached[1], so_far[1])) AS median_minutes,
    if(n < ${enough}, NULL, ifNull(reached[2], so_far[2])) AS p90_minutes
FROM
(
    SELECT channel, {wait_quantiles}, n, waiting
    FROM
    (
        SELECT channel, {wait_points}, [0.5 * (n - 1), 0.9 * (n - 1)] AS ranks, waits, n, waiting
        FROM
        (
            SELECT channel, arraySort(groupArray((minutes, is_running))) AS waits, count() AS n, countIf(is_running) AS waiting
            FROM {clocks}
            GROUP BY channel
            HAVING uniqExact(customer_id) >= {fewest}
        )
    )
)
ORDER BY answered DESC, channel_shown
