-- Who answers: agents and bots as groups; nobody is named.
SELECT if(channel = '', '{word.not_given}', {channel_title}) AS channel_shown, customers, by_agents, by_bots,
    if(by_agents + by_bots < ${enough}, NULL, 100 * by_bots / (by_agents + by_bots)) AS bot_share,
    reopened
FROM
(
    SELECT spelling AS channel, customers, by_agents, by_bots, reopened
    FROM
    (
        SELECT topK(1)(trimBoth(channel))[1] AS spelling, uniqExact(customer_id) AS customers,
            countIf(type IN ({types.replies}) AND author_type = 'agent') AS by_agents,
            countIf(type IN ({types.replies}) AND author_type = 'bot') AS by_bots, countIf(type IN ({types.reopens})) AS reopened
        FROM events FINAL
        PREWHERE type IN ({types.replies}, {types.reopens}) OR {may_replace}
        WHERE {window} AND {is_valid} AND {filters} AND type IN ({types.replies}, {types.reopens})
        GROUP BY {folded.channel}
        HAVING customers >= {fewest}
    )
)
ORDER BY by_agents + by_bots DESC, channel_shown
