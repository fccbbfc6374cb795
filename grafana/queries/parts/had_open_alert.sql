-- Customers who had an alert open at any time in the range.
(
    SELECT customer_id
    FROM alerts FINAL
    WHERE state != 'withdrawn' AND opened_us < toInt64(toUInt32($__toTime)) * 1000000
        AND (closed_us = 0 OR closed_us >= toInt64(toUInt32($__fromTime)) * 1000000)
)
