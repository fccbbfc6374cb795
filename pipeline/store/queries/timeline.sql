-- `timelines` lists the customer's events, so that little of `events` is read and nothing is merged: first by
-- minute, then the rows themselves.
SELECT {columns}
FROM events
PREWHERE minute IN (SELECT minute FROM timelines WHERE customer_id = %(customer_id)s)
    AND customer_id = %(customer_id)s
WHERE (minute, event_id, revision) IN
    (
        SELECT minute, event_id, revision
        FROM timelines FINAL
        WHERE customer_id = %(customer_id)s AND is_deleted != 1
        ORDER BY occurred_us DESC, event_id DESC
        LIMIT %(limit)s
    )
    AND is_deleted != 1
-- Of a revision, the last reading; a patient reading takes precedence over a hurried one.
ORDER BY occurred_us DESC, event_id DESC, reread_at DESC, hurried
LIMIT 1 BY event_id
