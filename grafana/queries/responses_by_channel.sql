SELECT if(channel = '', '{word.not_given}', {channel_title}) AS channel_shown, answered, waiting,
    if(answered < ${enough}, NULL, middle) AS median_minutes,
    if(answered < ${enough}, NULL, slow) AS p90_minutes
FROM
(
    SELECT channel, countIf(minutes IS NOT NULL) AS answered, countIf(minutes IS NULL) AS waiting,
        quantileIf(0.5)(assumeNotNull(minutes), minutes IS NOT NULL) AS middle,
        quantileIf(0.9)(assumeNotNull(minutes), minutes IS NOT NULL) AS slow
    FROM {clocks}
    GROUP BY channel
    HAVING uniqExact(customer_id) >= {fewest}
)
ORDER BY answered DESC, channel_shown
