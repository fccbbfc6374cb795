-- Where customers get stuck: of those who pass a touchpoint, how many meet a step that fails, ask a person, complain.
SELECT if(touchpoint = '', '{word.not_given}', {touchpoint_title}) AS touchpoint_shown, customers,
    if(customers < ${enough}, NULL, 100 * stuck / customers) AS stuck_share,
    if(customers < ${enough}, NULL, 100 * asking / customers) AS asking_share,
    if(asking < ${enough}, NULL, contacts / asking) AS contacts_each,
    if(read < ${enough}, NULL, 100 * bad / read) AS negative_texts,
    complaints
FROM
(
    SELECT touchpoint, customers, stuck, asking, contacts, read, bad, complaints
    FROM
    (
        SELECT touchpoint, uniqExact(customer_id) AS customers,
            uniqExactIf(customer_id, type IN ({types.setback})) AS stuck,
            countIf(author_type = 'customer' AND label != '') AS read, countIf(author_type = 'customer' AND label = 'negative') AS bad,
            countIf(type = 'complaint') AS complaints
        FROM events FINAL
        WHERE {of_events}
        GROUP BY touchpoint
        HAVING customers >= {fewest}
    ) AS passing
    ANY LEFT JOIN
    (
        SELECT touchpoint, uniqExact(customer_id) AS asking, count() AS contacts
        FROM {contacts}
        GROUP BY touchpoint
    ) AS turning
    USING (touchpoint)
)
ORDER BY stuck_share DESC, customers DESC
