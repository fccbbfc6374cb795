-- What journeys of the window are followed by: tickets with a step in it, whichever customers they name, from
-- long before to now; sessions of self-service in it; and, of customers for whom something was resolved, what
-- could show that it was not.
SELECT occurred_us, customer_id, ticket_id, step, author_type, internal, handoff, thanks,
    channel, touchpoint, segment, brand, source
FROM
(
    SELECT occurred_us, customer_id, ticket_id, if({closed_as_merged}, 'ticket.merged', type) AS step, author_type,
        toUInt8(simpleJSONExtractBool(attributes, 'internal')) AS internal,
        toUInt8(simpleJSONExtractBool(attributes, 'handoff')) AS handoff,
        toUInt8({only_thanks}) AS thanks,
        channel, touchpoint, segment, brand, source
    FROM events FINAL
    WHERE minute >= toDateTime(%(around_from)s, 'UTC') AND minute <= toDateTime(%(around_to)s, 'UTC')
        AND is_deleted = 0
        AND (type IN ({types.ticket}, {types.line}, {types.self_service}, {types.contact}) OR {staffed_visit})
        AND
        (
            ticket_id IN {tickets_of_window}
            OR type IN ({types.self_service}) AND customer_id IN {helped_themselves}
            OR customer_id IN
            (
                SELECT customer_id
                FROM events
                WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(around_to)s, 'UTC')
                    AND type IN ({types.solves}) AND customer_id IN {helped_themselves}
            )
            OR customer_id IN
            (
                SELECT customer_id
                FROM timelines
                PREWHERE ticket_id IN
                (
                    SELECT ticket_id
                    FROM events
                    WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
                        AND type IN ({types.resolves}) AND ticket_id != ''
                )
                WHERE minute >= toDateTime(%(since)s, 'UTC') AND minute <= toDateTime(%(around_to)s, 'UTC')
            )
        )
    UNION ALL
    SELECT occurred_us, customer_id, ticket_id, type AS step, author_type, internal, handoff, thanks,
        channel, touchpoint, segment, brand, source
    FROM timelines FINAL
    -- FINAL merges only what passes PREWHERE: all rows that could replace a row of these tickets must.
    PREWHERE ticket_id IN {tickets_of_window} OR revision > 0 OR is_deleted = 1
    WHERE minute >= toDateTime(%(since)s, 'UTC') AND minute <= toDateTime(%(until)s, 'UTC')
        AND (minute < toDateTime(%(around_from)s, 'UTC') OR minute > toDateTime(%(around_to)s, 'UTC'))
        AND is_deleted = 0 AND type IN ({types.ticket}, {types.line}) AND ticket_id IN {tickets_of_window}
)
WHERE occurred_us <= %(as_of)s
