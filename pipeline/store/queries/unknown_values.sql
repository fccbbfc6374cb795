-- Values of open choices that this version does not know, of events since a minute.
SELECT field, value, count() AS events
FROM
(
    SELECT event_id, 'type' AS field, type AS value
    FROM events FINAL
    WHERE minute >= toDateTime(%(since)s, 'UTC') AND is_deleted != 1 AND type NOT IN %(types)s
    UNION ALL
    SELECT event_id, 'author_type' AS field, author_type AS value
    FROM events FINAL
    WHERE minute >= toDateTime(%(since)s, 'UTC') AND is_deleted != 1
        AND author_type NOT IN %(authors)s
    UNION ALL
    SELECT event_id, 'score.metric' AS field, metric AS value
    FROM events FINAL
    WHERE minute >= toDateTime(%(since)s, 'UTC') AND is_deleted != 1
        AND metric != '' AND metric NOT IN %(metrics)s
)
GROUP BY field, value
ORDER BY events DESC, field, value
LIMIT 20
