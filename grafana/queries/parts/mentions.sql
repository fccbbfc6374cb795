-- A row a customer's text and topic in it: what was said of the topic, and where in the text.
(
    SELECT minute, occurred_us, event_id, customer_id, channel, brand, text, intensity,
        topics.name AS topic, topics.label AS said, topics.start AS begin, topics.end AS finish
    FROM
    (
        SELECT minute, occurred_us, event_id, customer_id, channel, brand, text, intensity,
            topics.name, topics.label, topics.start, topics.end
        FROM events FINAL
        PREWHERE author_type = 'customer' AND label != '' OR {may_replace}
        WHERE {is_read_text}
    )
    ARRAY JOIN topics
)
