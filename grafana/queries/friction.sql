-- Where customers get stuck: of those who pass a touchpoint, how many meet a failed step, contact an agent or complain.
SELECT if(touchpoint = '', '{word.not_given}', {touchpoint_title}) AS touchpoint_shown, customers,
    if(customers < ${enough}, NULL, 100 * stuck / customers) AS stuck_share,
    if(customers < ${enough}, NULL, 100 * asking / customers) AS asking_share,
    if(asking < ${enough}, NULL, contacts / asking) AS contacts_each,
    if(read < ${enough}, NULL, 100 * bad / read) AS negative_texts,
    complaints
FROM
(
    SELECT spelling AS touchpoint, customers, stuck, asking, contacts, read, bad, complaints
    FROM
    (
        SELECT {folded.touchpoint} AS place, topK(1)(trimBoth(touchpoint))[1] AS spelling, uniqExact(customer_id) AS customers,
            uniqExactIf(customer_id, type IN ({types.setback})) AS stuck,
            countIf(author_type = 'customer' AND label != '') AS read, countIf(author_type = 'customer' AND label = 'negative') AS bad,
            countIf(type = 'complaint') AS complaints
        FROM events FINAL
        WHERE {of_events}
        GROUP BY place
        HAVING customers >= {fewest}
    ) AS passing
    ANY LEFT JOIN
    (
        SELECT {folded.touchpoint} AS place, uniqExact(customer_id) AS asking, count() AS contacts
        FROM {contacts}
        GROUP BY place
    ) AS turning
    USING (place)
)
ORDER BY stuck_share DESC, customers DESC
