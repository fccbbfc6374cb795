-- Contacts in the range, as pipeline.model.contact has them: a line goes on with the conversation of its channel and
-- ticket, unless that was silent for the pause, answers included, or was resolved. A chat that is given a ticket on the
-- way is two here. A contact is where and when the customer first asks in it.
--
-- A line is (time, whether the customer asks, whether it is resolved, touchpoint, minute).
(
    SELECT customer_id, channel, asking.4 AS touchpoint, asking.5 AS minute
    FROM
    (
        SELECT customer_id, channel, arrayFirst(line -> line.2 = 1, conversation) AS asking
        FROM
        (
            SELECT customer_id, channel, arraySort(groupArray((occurred_us, asks, closes, touchpoint, minute))) AS lines
            FROM
            (
                SELECT customer_id, channel, ticket_id, touchpoint, minute, occurred_us,
                    {is_contact} AS asks, type IN ({types.resolves}) AS closes
                FROM events FINAL
                PREWHERE type IN ({types.contact}, {types.line}, {types.resolves}) OR {may_replace}
                WHERE {of_events} AND
                    (
                        asks OR closes OR type IN ({types.line}) AND author_type != 'system'
                    )
            )
            GROUP BY customer_id, channel, ticket_id
        )
        ARRAY JOIN arraySplit((line, before) -> line.1 - before.1 >= {pause_us} OR before.3 = 1,
            lines, arrayRotateRight(lines, 1)) AS conversation
    )
    WHERE asking.2 = 1
)
