SELECT {columns}
FROM alert_actions FINAL
WHERE (%(alert_id)s = '' OR alert_id = %(alert_id)s)
    AND (%(customer_id)s = '' OR customer_id = %(customer_id)s)
ORDER BY at_us DESC, action_id DESC
LIMIT %(limit)s
