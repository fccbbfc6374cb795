-- Customers of whom something ended in a window.
SELECT DISTINCT customer_id
FROM events FINAL
WHERE minute >= toDateTime(%(from_minute)s, 'UTC') AND minute <= toDateTime(%(to_minute)s, 'UTC')
    AND is_deleted = 0 AND type IN ({types.leaves})
    AND occurred_us >= %(from_us)s AND occurred_us < %(to_us)s
ORDER BY customer_id
