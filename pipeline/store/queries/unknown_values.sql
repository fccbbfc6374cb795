-- Values of open choices that this version does not know, of events since a minute. The few that occur together are
-- counted first, so that the events are read once.
SELECT field, value, sum(times) AS events
FROM
(
    SELECT type, author_type, metric, count() AS times
    FROM events FINAL
    WHERE minute >= toDateTime(%(since)s, 'UTC') AND is_deleted != 1
    GROUP BY type, author_type, metric
)
ARRAY JOIN
    ['type', 'author_type', 'score.metric'] AS field,
    [type, author_type, metric] AS value,
    [type NOT IN %(types)s, author_type NOT IN %(authors)s, metric != '' AND metric NOT IN %(metrics)s] AS is_unknown
WHERE is_unknown
GROUP BY field, value
ORDER BY events DESC, field, value
LIMIT 20
