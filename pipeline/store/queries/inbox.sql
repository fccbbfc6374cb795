-- Only small columns: alerts and their follow-ups are then read by id.
SELECT
    id,
    multiIf(
        stage = '', state NOT IN ('resolved', 'withdrawn'),
        stage = 'resolved', outcome NOT IN ('', 'not_reached') AND informed_us = 0,
        stage != 'expired'
    ) AS waits
FROM
(
    SELECT id, state, opened_us, updated_us
    FROM alerts FINAL
) AS alert
LEFT JOIN
(
    SELECT alert_id AS id, stage, outcome, informed_us, updated_us AS followed_us
    FROM follow_ups FINAL
) AS follow_up USING (id)
WHERE waits OR if(stage = '', updated_us, followed_us) >= %(since)s
ORDER BY waits DESC, opened_us DESC, id
LIMIT %(limit)s
