-- What customers say of each topic, the strongest words first; three of a topic. Places in a text are counted in
-- characters, of which ClickHouse 18 cannot cut a string by columns: so the text is taken apart and put together.
SELECT toDateTime(intDiv(occurred_us, 1000000), 'UTC') AS time, {topic_title} AS topic_shown,
    arrayStringConcat(arraySlice(extractAll(text, '(?s).'), begin + 1, finish - begin), '') AS quote,
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
