SELECT follow_up
FROM follow_ups FINAL
WHERE (%(all_alert_ids)s OR alert_id IN %(alert_ids)s)
    AND (%(customer_id)s = '' OR customer_id = %(customer_id)s)
    AND (%(all_stages)s OR stage IN %(stages)s)
ORDER BY updated_us DESC, alert_id
LIMIT %(limit)s
