SELECT {columns}
FROM audit FINAL
WHERE at_us >= %(since)s
    AND (%(who)s = '' OR who = %(who)s)
    AND (%(customer_id)s = '' OR customer_id = %(customer_id)s)
ORDER BY at_us DESC, audit_id
LIMIT %(limit)s
