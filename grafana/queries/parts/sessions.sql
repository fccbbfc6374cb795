-- Self-service sessions that began in the range, as pipeline.store.journeys has them: a pause of more than
-- 30 minutes ends one; it is solved if nobody of the company was asked within 24 hours after its last
-- solution (a line of a chat that ran already counts here). A session is followed for two days after the range.
--
-- A step is (time, whether it solves, whether it is of the chosen slice). The conditions on lengths hold always:
-- ClickHouse 18 gives a lambda only columns that are used outside of one too.
(
    SELECT customer_id, last > 0 AND NOT arrayExists(at -> at > steps[last].1 AND at <= steps[last].1 + 86400000000, contacts) AS solved
    FROM
    (
        SELECT customer_id, steps, contacts, steps[start] AS began, last
        FROM
        (
            SELECT customer_id, steps, contacts, starts,
                arrayMap((i, next) -> arrayFilter(j -> j >= i AND j < next AND steps[j].2 = 1, places)[-1], starts, nexts) AS lasts
            FROM
            (
                SELECT customer_id, steps, contacts, places, starts,
                    arrayPushBack(arrayPopFront(starts), toUInt32(length(steps) + 1)) AS nexts
                FROM
                (
                    SELECT customer_id, steps, contacts, places,
                        arrayFilter(i -> i = 1 OR steps[i].1 - steps[i - 1].1 > 1800000000, places) AS starts
                    FROM
                    (
                        SELECT customer_id, arraySort(groupArrayIf((occurred_us, solves, chosen), is_step)) AS steps,
                            groupArrayIf(occurred_us, NOT is_step) AS contacts, arrayEnumerate(steps) AS places
                        FROM
                        (
                            SELECT customer_id, occurred_us, type IN ({types.self_service}) AS is_step,
                                toUInt8(type IN ({types.solves})) AS solves, toUInt8({filters}) AS chosen
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
                    WHERE length(steps) = length(places)
                )
                WHERE length(steps) = length(places)
            )
            WHERE length(steps) = length(places)
        )
        ARRAY JOIN starts AS start, lasts AS last
    )
    WHERE began.3 = 1 AND length(contacts) >= 0 AND length(steps) > 0
        AND began.1 >= {from_us} AND began.1 < {now_us}
)
