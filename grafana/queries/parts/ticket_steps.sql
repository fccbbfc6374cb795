-- The steps of each ticket in order, whichever customers it names; tickets are those of pipeline.kpi.tickets.
-- A step is (time, its order within a moment, author, kind, customer, channel, whether it is of the chosen slice, the
-- pause of its channel). Kinds: 0 opened, 1 reopened, 2 handed over by a bot, 3 answered by an agent, 4 closed,
-- 5 answered by a bot, 6 asked by the customer, 7 else.
(
    SELECT arraySort(groupArray((occurred_us, moment_order, author_type, kind, customer_id, channel, chosen, pause))) AS steps
    FROM
    (
        SELECT ticket_id, if({folded.brand} != '', {folded.brand}, minIf({folded.brand}, {folded.brand} != '') OVER (PARTITION BY ticket_id)) AS ticket_brand,
            occurred_us, author_type, customer_id, channel, toUInt8({filters}) AS chosen, toInt64({pause_us}) AS pause,
            toUInt8(indexOf([{types.ticket}], type)) AS moment_order,
            toInt8(multiIf(
                type IN ({types.opens}), 0,
                type IN ({types.reopens}), 1,
                type IN ({types.closes}), 4,
                author_type = 'customer', if(type IN ({types.line}) AND NOT ({only_thanks}), 6, 7),
                type NOT IN ({types.replies}), 7,
                author_type = 'bot' AND simpleJSONExtractBool(attributes, 'handoff'), 2,
                simpleJSONExtractBool(attributes, 'internal'), 7,
                author_type = 'agent', 3,
                author_type = 'bot', 5,
                7)) AS kind
        FROM events FINAL
        PREWHERE type IN ({types.ticket}, {types.line}) OR {may_replace}
        WHERE minute >= $__fromTime - 86400 AND minute < $__toTime + 604800 AND {is_valid}
            AND type IN ({types.ticket}, {types.line})
            AND ticket_id != ''
    )
    GROUP BY ticket_id, ticket_brand
    HAVING max(occurred_us) >= {from_us}
)
