-- Complaints about a topic, as a share of all texts, compared with the range before ({window} covers both). Each text
-- counts once.
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
            SELECT 1 AS one, topic, countIf({is_now}) AS k, countIf(NOT {is_now}) AS k_before, uniqExact(customer_id) AS people
            FROM
            (
                SELECT minute, customer_id, arrayJoin(arrayDistinct(arrayFilter((name, said) -> said = 'negative', topics.name, topics.label))) AS topic
                FROM events FINAL
                PREWHERE author_type = 'customer' AND label != '' OR {may_replace}
                WHERE {is_read_text}
            )
            GROUP BY topic
            HAVING people >= {fewest}
        ) AS of_topics
        ANY LEFT JOIN
        (
            SELECT 1 AS one, sumIf(texts, {is_now}) AS texts_now, sumIf(texts, NOT {is_now}) AS texts_before
            FROM {counted}
        ) AS of_all
        USING (one)
    )
)
ORDER BY low DESC, k DESC
