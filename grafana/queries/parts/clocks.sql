-- The clocks of first responses that began in the range, as pipeline.store.journeys has them: opening
-- starts one, reopening anew, a bot's hand-off anew unless one runs since such; a public reply by an
-- agent stops it and so does the resolution. Tickets are looked for a day before the range and replies
-- a week after it. `minutes` is NULL while a clock runs.
--
-- Steps and kinds: ticket_steps.sql. Between two stops the clock began at the first hand-off after the last
-- reopening, else at the last reopening, else at the opening. The conditions on lengths hold always: ClickHouse 18
-- gives a lambda only columns that are used outside of one too.
(
    SELECT intDiv(started, 128) AS started_us, customer_id, channel,
        if(intDiv(stopped, 2) % 8 = 3, (intDiv(stopped, 128) - intDiv(started, 128)) / 60000000, NULL) AS minutes
    FROM
    (
        SELECT customer_id, steps[start] AS started, steps[stop] AS stopped, channels[indexOf(steps_as_read, steps[start])] AS channel
        FROM
        (
            SELECT customer_id, steps, steps_as_read, channels, stops,
                arrayMap((i, p, r, h) -> if(h > 0, h, if(r > 0, r, if(opening > p AND opening < i, opening, toUInt32(0)))),
                    stops, priors, reopenings, handoffs) AS starts
            FROM
            (
                SELECT customer_id, steps, steps_as_read, channels, stops, priors, reopenings, opening,
                    arrayMap((i, p, r) -> arrayFilter(j -> j > p AND j > r AND j < i AND kinds[j] = 2, places)[1],
                        stops, priors, reopenings) AS handoffs
                FROM
                (
                    SELECT customer_id, steps, steps_as_read, channels, stops, priors, kinds, places, toUInt32(indexOf(kinds, 0)) AS opening,
                        arrayMap((i, p) -> arrayFilter(j -> j > p AND j < i AND kinds[j] = 1, places)[-1], stops, priors) AS reopenings
                    FROM
                    (
                        SELECT customer_id, steps, steps_as_read, channels, kinds, places, stops,
                            arrayPushFront(arrayPopBack(stops), toUInt32(0)) AS priors
                        FROM
                        (
                            SELECT customer_id, steps, steps_as_read, channels, kinds, places,
                                arrayFilter((j, kind) -> kind IN (3, 4, 6), places, kinds) AS stops
                            FROM
                            (
                                SELECT customer_id, steps, steps_as_read, channels, arrayEnumerate(steps) AS places,
                                    arrayMap(step -> toUInt8(intDiv(step, 2) % 8), steps) AS kinds
                                FROM {ticket_steps}
                            )
                        )
                    )
                    WHERE length(kinds) = length(places)
                )
                WHERE length(kinds) = length(places)
            )
            WHERE opening >= 0
        )
        ARRAY JOIN stops AS stop, starts AS start
        WHERE start > 0
    )
    WHERE started % 2 = 1 AND intDiv(stopped, 2) % 8 != 4
        AND started >= {from_us} * 128 AND started < {now_us} * 128
)
