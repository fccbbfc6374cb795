-- Customers by the number of their contacts, and by the number of channels they used.
SELECT if(often = 5, '5+', toString(often)) AS times, if(count() < {fewest}, NULL, count()) AS customers,
    if(count() < {fewest}, NULL, countIf(channels > 1)) AS several_channels
FROM
(
    SELECT customer_id, least(count(), 5) AS often, uniqExact(channel) AS channels
    FROM {contacts}
    GROUP BY customer_id
)
GROUP BY often
ORDER BY often
