-- What customers call about: the topics of calls with a transcript.
SELECT {topic_title} AS topic_shown, calls, customers, 100 * calls / all_calls AS share
FROM
(
    SELECT topic, calls, customers, all_calls
    FROM
    (
        SELECT 1 AS one, topic, count() AS calls, uniqExact(customer_id) AS customers
        FROM
        (
            SELECT customer_id, arrayJoin(arrayDistinct(topics.name)) AS topic
            FROM events FINAL
            PREWHERE type = 'call' OR {may_replace}
            WHERE {of_events} AND type = 'call' AND author_type = 'customer' AND label != ''
        )
        GROUP BY topic
        HAVING customers >= {fewest}
    ) AS of_topics
    ANY LEFT JOIN
    (
        SELECT 1 AS one, count() AS all_calls
        FROM events FINAL
        PREWHERE type = 'call' OR {may_replace}
        WHERE {of_events} AND type = 'call' AND author_type = 'customer' AND label != ''
    ) AS of_all
    USING (one)
)
ORDER BY calls DESC, topic
