-- Net sentiment of what was said about each topic, by channel.
SELECT {topic_title} AS down_shown, {channel_title} AS across_shown,
    if(n < ${enough}, NULL, 100 * (toInt64(plus) - toInt64(minus)) / n) AS value
FROM
(
    SELECT topic, channel, countIf(said = 'positive') AS plus, countIf(said = 'negative') AS minus, count() AS n
    FROM {mentions}
    GROUP BY topic, channel
    HAVING uniqExact(customer_id) >= {fewest}
)
ORDER BY down_shown, across_shown
