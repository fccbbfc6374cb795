-- What happened to each ticket, in order, and an end (E) after it.
(
    SELECT arrayPushBack(arraySort(groupArray((occurred_us, moment_order, kind, chosen, channel, touchpoint))),
        (toInt64(0), toUInt8(0), 'E', toUInt8(0), '', '')) AS steps
    FROM
    (
        SELECT customer_id, ticket_id, occurred_us, channel, touchpoint,
            toUInt8(indexOf(['complaint', 'ticket.opened', 'ticket.reopened', 'ticket.replied', 'ticket.resolved'], type)) AS moment_order,
            multiIf(type IN ('ticket.opened', 'complaint'), 'O', type = 'ticket.reopened', 'R', type = 'ticket.resolved', 'S',
                author_type = 'bot' AND visitParamExtractBool(attributes, 'handoff'), 'H',
                author_type = 'agent' AND NOT visitParamExtractBool(attributes, 'internal'), 'A', '-') AS kind,
            toUInt8({filters}) AS chosen
        FROM events FINAL
        PREWHERE type IN ('complaint', 'ticket.opened', 'ticket.reopened', 'ticket.replied', 'ticket.resolved') OR {may_replace}
        WHERE minute >= $__fromTime - 86400 AND minute < $__toTime + 604800 AND {is_valid}
            AND type IN ('complaint', 'ticket.opened', 'ticket.reopened', 'ticket.replied', 'ticket.resolved')
            AND ticket_id != ''
    )
    GROUP BY customer_id, ticket_id
    HAVING max(occurred_us) >= {from_us}
)
