-- Self-service sessions that began in the range, as pipeline.kpi.journeys has them: a pause of more than
-- 30 minutes ends one; it is solved if nobody of the company was asked within 24 hours after its last
-- solution (a line of a chat that ran already counts here). A session is followed for two days after the range.
--
-- A step is (time, whether it solves, whether it is of the chosen slice).
(
    SELECT customer_id, solved_at > 0 AND NOT arrayExists(at -> at > solved_at AND at <= solved_at + 86400000000, contacts) AS solved
    FROM
    (
        SELECT customer_id, contacts, session[1] AS began, arrayLast(step -> step.2 = 1, session).1 AS solved_at
        FROM
        (
            SELECT customer_id, arraySort(groupArrayIf((occurred_us, solves, chosen), is_step)) AS steps,
                arrayDifference(steps.1) AS pauses, groupArrayIf(occurred_us, NOT is_step) AS contacts
            FROM
            (
                SELECT customer_id, occurred_us, type IN ({types.self_service}) AS is_step,
                    type IN ({types.solves}) AS solves, toUInt8({filters}) AS chosen
                FROM events FINAL
                PREWHERE type IN ({types.self_service}, {types.assisted}, 'visit') OR {may_replace}
                WHERE minute >= $__fromTime - 86400 AND minute < $__toTime + 172800 AND {is_valid}
                    AND (type IN ({types.self_service}) OR {is_assisted})
                    AND customer_id IN
                    (
                        SELECT customer_id FROM events WHERE {window} AND type IN ({types.self_service})
                    )
            )
            GROUP BY customer_id
        )
        ARRAY JOIN arraySplit((step, pause) -> pause > 1800000000, steps, pauses) AS session
    )
    WHERE began.3 = 1 AND began.1 >= {from_us} AND began.1 < {now_us}
)
