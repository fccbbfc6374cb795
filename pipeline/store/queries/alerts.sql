-- The inner query finds the ids, so that the outer one reads only these rows.
SELECT alert
FROM alerts FINAL
WHERE id IN
(
    SELECT id
    FROM alerts FINAL
    WHERE opened_us >= %(since)s
        AND (%(customer_id)s = '' OR customer_id = %(customer_id)s)
        AND (%(all_ids)s OR id IN %(ids)s)
        AND state NOT IN %(without_states)s
    ORDER BY opened_us DESC, id
    LIMIT %(limit)s
)
ORDER BY opened_us DESC, id
