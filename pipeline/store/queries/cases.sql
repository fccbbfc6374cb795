SELECT case
FROM cases FINAL
WHERE (%(all_case_ids)s OR case_id IN %(case_ids)s)
    AND (%(all_alert_ids)s OR arrayExists(id -> id IN %(alert_ids)s, alert_ids))
    AND (%(customer_id)s = '' OR customer_id = %(customer_id)s)
    AND (%(all_stages)s OR stage IN %(stages)s)
ORDER BY updated_us DESC, case_id
LIMIT %(limit)s
