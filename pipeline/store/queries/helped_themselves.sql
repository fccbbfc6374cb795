(
    SELECT customer_id
    FROM events
    WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
        AND type IN ({types.self_service})
)
