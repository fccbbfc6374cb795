-- Contacts in the range, as pipeline.contact has them: a line goes on with the conversation of its channel and ticket,
-- unless that was silent for the pause, answers included, or was resolved. A chat that is given a ticket on the way is
-- two here. A contact is where and when its first line is.
--
-- A line is (time, whether the customer asks, whether it is resolved, touchpoint, minute). The conditions on lengths
-- hold always: ClickHouse 18 gives a lambda only columns that are used outside of one too.
(
    SELECT customer_id, channel, lines[first].4 AS touchpoint, lines[first].5 AS minute
    FROM
    (
        SELECT customer_id, channel, lines,
            arrayFilter((i, before) -> before = 0 OR parts[i] != parts[before],
                asking, arrayPopBack(arrayPushFront(asking, toUInt32(0)))) AS firsts
        FROM
        (
            SELECT customer_id, channel, lines, arrayFilter(i -> lines[i].2 = 1, places) AS asking,
                arrayCumSum(arrayMap(i -> toUInt8(i > 1 AND (lines[i].1 - lines[i - 1].1 >= {pause_us} OR lines[i - 1].3 = 1)), places)) AS parts
            FROM
            (
                SELECT customer_id, channel,
                    arraySort(groupArray((occurred_us, asks, closes, touchpoint, minute))) AS lines, arrayEnumerate(lines) AS places
                FROM
                (
                    SELECT customer_id, channel, ticket_id, touchpoint, minute, occurred_us,
                        toUInt8({is_contact}) AS asks, toUInt8(type IN ({types.resolves})) AS closes
                    FROM events FINAL
                    PREWHERE type IN ({types.contact}, {types.line}, {types.resolves}) OR {may_replace}
                    WHERE {of_events} AND
                        (
                            asks OR closes OR type IN ({types.line}) AND author_type != 'system'
                        )
                )
                GROUP BY customer_id, channel, ticket_id
            )
            WHERE length(lines) = length(places)
        )
        WHERE length(parts) = length(lines)
    )
    ARRAY JOIN firsts AS first
)
