-- What customers with a ticket or self-service in the window did before and after it.
SELECT occurred_us, customer_id, ticket_id, type, author_type, internal, handoff,
    channel, touchpoint, segment, brand, source
FROM timelines FINAL
WHERE minute >= toDateTime(%(since)s, 'UTC') AND minute <= toDateTime(%(until)s, 'UTC')
    AND is_deleted = 0 AND occurred_us <= %(as_of)s
    AND type IN %(types)s
    AND customer_id IN
    (
        SELECT customer_id
        FROM events
        WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
            AND type IN %(subjects)s
    )
