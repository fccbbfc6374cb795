-- What happened to each ticket, in order, and an end after it; a step is one number, which sorts fast: of its time
-- in microseconds, its order within a moment, its kind and whether it is of the chosen slice.
-- Kinds: 0 opened, 1 reopened, 2 handed over by a bot, 3 answered by an agent, 4 closed, 5 else, 6 the end.
(
    SELECT customer_id, arrayPushBack(arraySort(steps_as_read), toInt64(12)) AS steps, steps_as_read, channels
    FROM
    (
        SELECT customer_id, groupArray(((occurred_us * 8 + moment_order) * 8 + kind) * 2 + chosen) AS steps_as_read,
            groupArray(channel) AS channels
        FROM
        (
            SELECT customer_id, ticket_id, occurred_us, channel,
                indexOf([{types.ticket}], type) AS moment_order,
                multiIf(type IN ({types.opens}), 0, type IN ({types.reopens}), 1,
                    author_type = 'bot' AND type IN ({types.replies}) AND visitParamExtractBool(attributes, 'handoff'), 2,
                    author_type = 'agent' AND type IN ({types.replies}) AND NOT visitParamExtractBool(attributes, 'internal'), 3,
                    type IN ({types.closes}), 4, 5) AS kind,
                toUInt8({filters}) AS chosen
            FROM events FINAL
            PREWHERE type IN ({types.ticket}) OR {may_replace}
            WHERE minute >= $__fromTime - 86400 AND minute < $__toTime + 604800 AND {is_valid}
                AND type IN ({types.ticket})
                AND ticket_id != ''
        )
        GROUP BY customer_id, ticket_id
        HAVING max(occurred_us) >= {from_us}
    )
)
