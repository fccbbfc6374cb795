-- What customers say about each topic, strongest words first, three per topic. Positions in a text are in characters.
SELECT toDateTime(intDiv(occurred_us, 1000000), 'UTC') AS time, {topic_title} AS topic_shown,
    substringUTF8(text, begin + 1, finish - begin) AS quote,
    {channel_title} AS channel_shown, brand, intensity
FROM
(
    SELECT occurred_us, topic, text, begin, finish, channel, brand, intensity
    FROM {mentions}
    WHERE said = 'negative'
    ORDER BY intensity DESC, occurred_us DESC, topic
    LIMIT 3 BY topic
)
ORDER BY intensity DESC, occurred_us DESC, topic
LIMIT 60
