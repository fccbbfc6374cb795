-- Contacts per interval, for channels that enough customers use in the range.
SELECT {bucket} AS time, if({is_unfinished}, '{word.unfinished}', if(channel = '', '{word.not_given}', {channel_title})) AS series,
    count() AS contacts
FROM {contacts}
WHERE {folded.channel} IN
(
    SELECT {folded.channel} AS place
    FROM events FINAL
    PREWHERE type IN ({types.contact}) OR {may_replace}
    WHERE {of_events} AND {is_contact}
    GROUP BY place
    HAVING uniqExact(customer_id) >= {fewest}
)
GROUP BY time, series
ORDER BY time, series
