-- Complaints of a topic, of all texts, beside the range before ({window} covers both). Each text counts once.
SELECT {topic_title} AS topic_shown, k AS mentions, 100 * k / n AS per_100, 100 * k_before / n_before AS per_100_before,
    value AS change, low AS change_low, high AS change_high,
    multiIf(low > 0, '{word.grows}', high < 0, '{word.shrinks}', '{word.may_be_chance}') AS verdict
FROM
(
    SELECT topic, k, n, k_before, n_before, {share_change}
    FROM
    (
        SELECT topic, k, k_before, texts_now AS n, texts_before AS n_before
        FROM
        (
            SELECT 1 AS one, topic, uniqExactIf(event_id, {is_now}) AS k, uniqExactIf(event_id, NOT {is_now}) AS k_before,
                uniqExact(customer_id) AS people
            FROM {mentions}
            WHERE said = 'negative'
            GROUP BY topic
            HAVING people >= {fewest}
        ) AS of_topics
        ANY LEFT JOIN
        (
            SELECT 1 AS one, countIf({is_now}) AS texts_now, countIf(NOT {is_now}) AS texts_before
            FROM events FINAL
            WHERE {is_read_text}
        ) AS of_all
        USING (one)
    )
)
ORDER BY low DESC, k DESC
