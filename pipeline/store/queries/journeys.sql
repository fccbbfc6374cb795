-- What customers with a ticket or self-service in the window did around it: all of it from shortly
-- before the window to shortly after, as far as something was resolved that another contact could
-- follow, and of the tickets the steps before and after that.
SELECT occurred_us, customer_id, ticket_id, type, author_type, internal, handoff, thanks,
    channel, touchpoint, segment, brand, source
FROM
(
    SELECT occurred_us, customer_id, ticket_id, type, author_type,
        toUInt8(visitParamExtractBool(attributes, 'internal')) AS internal,
        toUInt8(visitParamExtractBool(attributes, 'handoff')) AS handoff,
        toUInt8({only_thanks}) AS thanks,
        channel, touchpoint, segment, brand, source
    FROM events FINAL
    WHERE minute >= toDateTime(%(around_from)s, 'UTC') AND minute <= toDateTime(%(around_to)s, 'UTC')
        AND is_deleted = 0
        AND type IN ({types.ticket}, {types.self_service}, {types.contact})
        AND customer_id IN
        (
            SELECT customer_id
            FROM events
            WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
                AND type IN ({types.ticket}, {types.self_service})
        )
        AND (type IN ({types.ticket}, {types.self_service}) OR customer_id IN
        (
            SELECT customer_id
            FROM events
            WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(around_to)s, 'UTC')
                AND type IN ({types.resolves}, {types.solves})
        ))
    UNION ALL
    -- Thanks are no step of a ticket.
    SELECT occurred_us, customer_id, ticket_id, type, author_type, internal, handoff, toUInt8(0) AS thanks,
        channel, touchpoint, segment, brand, source
    FROM
    (
        -- Less is read and merged than by FINAL.
        SELECT *
        FROM timelines
        PREWHERE (customer_id, minute, event_id) IN
        (
            SELECT customer_id, minute, event_id
            FROM timelines
            PREWHERE type IN ({types.ticket})
                AND (customer_id, ticket_id) IN
                (
                    SELECT customer_id, ticket_id
                    FROM events
                    WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
                        AND type IN ({types.ticket}) AND ticket_id != ''
                )
            WHERE minute >= toDateTime(%(since)s, 'UTC') AND minute <= toDateTime(%(until)s, 'UTC')
                AND (minute < toDateTime(%(around_from)s, 'UTC') OR minute > toDateTime(%(around_to)s, 'UTC'))
        )
        ORDER BY revision DESC
        LIMIT 1 BY customer_id, minute, event_id
    )
    WHERE is_deleted = 0 AND type IN ({types.ticket})
)
WHERE occurred_us <= %(as_of)s
