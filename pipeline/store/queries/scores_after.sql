-- Scores from 0 to 10 by customers who were contacted in the window, in order.
SELECT customer_id, occurred_us, score
FROM events FINAL
WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
    AND is_deleted = 0 AND occurred_us <= %(as_of)s
    AND {answered.nps}
    AND customer_id IN
    (
        SELECT customer_id
        FROM worked_cases
        WHERE contacted_us >= %(start)s AND contacted_us < %(end)s
    )
ORDER BY customer_id, occurred_us, event_id
