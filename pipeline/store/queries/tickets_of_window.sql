(
    SELECT ticket_id
    FROM events
    WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
        AND type IN ({types.ticket}, {types.line}) AND ticket_id != ''
)
