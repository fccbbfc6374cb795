-- The clocks of first responses that began in the range, as pipeline.store.journeys has them: opening
-- starts one, reopening anew, a bot's hand-off anew unless one runs since such; a public reply by an
-- agent stops it and so does the resolution. Tickets are looked for a day before the range and replies
-- a week after it. `minutes` is NULL while a clock runs.
--
-- The conditions on lengths hold always: ClickHouse 18 gives a lambda only columns that are used outside of one too.
-- A step is (time, order within a moment, kind, whether it is of the chosen slice, channel, touchpoint).
(
    SELECT started.1 AS started_us, started.5 AS channel, started.6 AS touchpoint,
        if(stopped.3 = 'A', (stopped.1 - started.1) / 60000000, NULL) AS minutes
    FROM
    (
        SELECT steps[start] AS started, steps[stop] AS stopped
        FROM
        (
            SELECT steps, stops,
                arrayMap((i, p, r, h) -> if(h > 0, h, if(r > 0, r, if(opening > p AND opening < i, opening, toUInt32(0)))),
                    stops, priors, reopenings, handoffs) AS starts
            FROM
            (
                SELECT steps, stops, priors, reopenings, opening,
                    arrayMap((i, p, r) -> arrayFilter(j -> j > p AND j > r AND j < i AND kinds[j] = 'H', places)[1],
                        stops, priors, reopenings) AS handoffs
                FROM
                (
                    SELECT steps, stops, priors, kinds, places,
                        arrayFilter(j -> kinds[j] = 'O', places)[1] AS opening,
                        arrayMap((i, p) -> arrayFilter(j -> j > p AND j < i AND kinds[j] = 'R', places)[-1],
                            stops, priors) AS reopenings
                    FROM
                    (
                        SELECT steps, kinds, places, stops, arrayPushFront(arrayPopBack(stops), toUInt32(0)) AS priors
                        FROM
                        (
                            SELECT steps, kinds, places, arrayFilter(j -> kinds[j] IN ('A', 'S', 'E'), places) AS stops
                            FROM
                            (
                                SELECT steps, arrayMap(step -> step.3, steps) AS kinds, arrayEnumerate(steps) AS places
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
    WHERE started.4 = 1 AND stopped.3 != 'S'
        AND started.1 >= toInt64(toUInt32($__fromTime)) * 1000000
        AND started.1 < toInt64(toUInt32($__toTime)) * 1000000
)
