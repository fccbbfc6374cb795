-- Self-service sessions that began in the range, as pipeline.kpi.journeys has them: a pause of more than
-- 30 minutes ends one; it is solved if no contact that asks for a person began within 24 hours after its last
-- solution. A session is followed for two days after the range.
--
-- A step is (time, whether it solves, whether it is of the chosen slice).
(
    SELECT customer_id, solved_at > 0 AND NOT arrayExists(contact ->
        contact.7 = 1 AND contact.6 > solved_at AND contact.6 <= solved_at + 86400000000, contacts) AS solved
    FROM
    (
        SELECT customer_id, {contacts_of_lines} AS contacts, session[1] AS began,
            arrayLast(step -> step.2 = 1, session).1 AS solved_at
        FROM
        (
            WITH type IN ({types.self_service}) AS is_step, {is_contact} OR {is_assisted} AS asks
            SELECT customer_id, arraySort(groupArrayIf((occurred_us, type IN ({types.solves}), toUInt8({filters})), is_step)) AS steps,
                arrayDifference(steps.1) AS pauses, arraySort(groupArrayIf({contact_line}, NOT is_step)) AS lines
            FROM events FINAL
            PREWHERE type IN ({types.self_service}, {types.contact}, {types.waits}, {types.line}, {types.resolves}, 'visit') OR {may_replace}
            WHERE minute >= $__fromTime - 86400 AND minute < $__toTime + 172800 AND {is_valid}
                AND (is_step OR asks OR {is_resolution} OR {keeps_alive})
                AND customer_id IN
                (
                    SELECT customer_id FROM events WHERE {window} AND type IN ({types.self_service})
                )
            GROUP BY customer_id
        )
        ARRAY JOIN arraySplit((step, pause) -> pause > 1800000000, steps, pauses) AS session
    )
    WHERE began.3 = 1 AND began.1 >= {from_us} AND began.1 < {now_us}
)
