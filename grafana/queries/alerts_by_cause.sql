SELECT title, count() AS alerts, uniqExact(customer_id) AS customers, countIf(owner = '') AS unowned_ones
FROM
(
    SELECT {alert_title} AS title, customer_id, owner FROM {open_alerts}
)
GROUP BY title
ORDER BY alerts DESC, title
LIMIT 15
