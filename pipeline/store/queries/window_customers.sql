-- Customers with an event in the window, and those of them who had an open alert in it; their
-- calls whose words are known, and those of them that ask for a status.
SELECT {by}, uniqExact(customer_id),
    uniqExactIf(customer_id, customer_id IN
    (
        SELECT customer_id
        FROM alerts FINAL
        WHERE state != 'withdrawn' AND opened_us < %(end)s
            AND (closed_us = 0 OR closed_us >= %(start)s)
    )),
    countIf(type = 'call' AND author_type = 'customer' AND label != ''),
    countIf(type = 'call' AND author_type = 'customer' AND label != ''
        AND position(intents, '"name":"ask_status"') > 0)
FROM events FINAL
WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
    AND is_deleted = 0 AND occurred_us >= %(start)s AND occurred_us < %(end)s
GROUP BY {by}
