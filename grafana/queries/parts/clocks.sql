-- The waiting clocks that began in the range, step by step as pipeline.kpi.tickets has them. Tickets are looked for a
-- day before the range and answers a week after it. `minutes` are until then where `is_running`.
--
-- The fold keeps (clock, when a bot answered, whether the ticket was opened, waits that ended), a clock being
-- (since, kind of the step that started it, customer, channel, whether it is of the chosen slice); kind -1: none runs.
(
    SELECT wait.1.1 AS started_us, wait.1.3 AS customer_id, wait.1.4 AS channel, wait.2 = 0 AS is_running,
        (if(is_running, least({now_us} + 604800000000, greatest({now_us}, toInt64(toUnixTimestamp(now())) * 1000000)), wait.2) - started_us) / 60000000 AS minutes
    FROM
    (
        SELECT arrayFold((so_far, step) -> CAST(
            (
                multiIf(
                    (
                        multiIf(
                            step.4 = 0, so_far.3 = 0 AND so_far.1.2 = -1,
                            step.4 IN (1, 2), so_far.1.2 != step.4,
                            step.4 = 6, so_far.2 > 0 AND step.1 - so_far.2 >= step.8,
                            0)
                    ) AS starts, (step.1, step.4, step.5, step.6, step.7),
                    step.4 IN (3, 4), (step.1, -1, '', '', 0),
                    so_far.1),
                multiIf(
                    starts OR step.4 IN (3, 4, 6), 0,
                    step.4 = 5 AND so_far.1.2 NOT IN (-1, 2), step.1,
                    so_far.2),
                so_far.3 = 1 OR step.4 = 0,
                if(step.4 = 3 AND so_far.1.2 != -1, arrayPushBack(so_far.4, (so_far.1, step.1)), so_far.4)
            ), '{clock_state}'),
            steps,
            CAST(((0, -1, '', '', 0), 0, 0, []), '{clock_state}')) AS done,
            if(done.1.2 = -1, done.4, arrayPushBack(done.4, (done.1, toInt64(0)))) AS waits
        FROM {ticket_steps}
    )
    ARRAY JOIN waits AS wait
    WHERE wait.1.5 = 1 AND started_us >= {from_us} AND started_us < {now_us}
)
