-- Only small columns: cases and their alerts are then read by id.
SELECT
    case_id,
    multiIf(
        stage = 'resolved', outcome NOT IN ('', 'not_reached') AND informed_us = 0,
        stage != 'expired'
    ) AS waits
FROM cases FINAL
WHERE waits OR updated_us >= %(since)s
ORDER BY waits DESC, opened_us DESC, case_id
LIMIT %(limit)s
