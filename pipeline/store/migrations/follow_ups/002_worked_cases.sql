-- What people worked on: cases, and follow-ups from before there were cases, each a case of its own.
CREATE VIEW worked_cases AS
SELECT customer_id, end, channel, segment, brand, opened_us, acknowledged_us, contacted_us, contact_due_us, ended_us
FROM cases FINAL
UNION ALL
SELECT
    customer_id,
    multiIf(
        visitParamExtractString(follow_up, 'end') != '', visitParamExtractString(follow_up, 'end'),
        stage = 'expired' AND acknowledged_us = 0, 'nobody_came',
        ''
    ) AS end,
    channel, segment, brand, opened_us, acknowledged_us, contacted_us, contact_due_us,
    multiIf(stage NOT IN ('resolved', 'expired'), 0, resolved_us > 0, resolved_us, updated_us) AS ended_us
FROM follow_ups FINAL
WHERE alert_id NOT IN (SELECT arrayJoin(alert_ids) FROM cases)
