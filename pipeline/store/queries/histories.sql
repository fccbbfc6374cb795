-- All events of a part of the customers, one customer after the other.
SELECT {columns}
FROM events FINAL
WHERE is_deleted = 0 AND modulo(cityHash64(customer_id), %(parts)s) = %(part)s
ORDER BY customer_id, occurred_us, event_id
