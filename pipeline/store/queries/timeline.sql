-- The inner query finds the minutes, so that the outer one need not read the rest.
SELECT {columns}
FROM events FINAL
WHERE minute IN
    (
        SELECT minute
        FROM timelines FINAL
        WHERE customer_id = %(customer_id)s AND is_deleted = 0
        ORDER BY occurred_us DESC
        LIMIT %(limit)s
    )
    AND customer_id = %(customer_id)s AND is_deleted = 0
ORDER BY occurred_us DESC, event_id DESC
LIMIT %(limit)s
