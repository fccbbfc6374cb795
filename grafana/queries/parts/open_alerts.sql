-- Alerts that are open at the end of the range and that nobody has settled, with how far their follow-up is.
(
    SELECT alert_id, customer_id, severity, severity_order, brand, segment, channel, opened_us, alert, stage, owner,
        contacted_us, contact_due_us, escalation
    FROM
    (
        SELECT id AS alert_id, customer_id, severity, brand, segment, channel, opened_us, alert,
            indexOf(['critical', 'high', 'medium', 'low'], severity) AS severity_order
        FROM alerts FINAL
        WHERE state = 'open' AND opened_us < {now_us} AND {alert_filters}
    ) AS open_ones
    ANY LEFT JOIN
    (
        SELECT alert_id, stage, owner, contacted_us, contact_due_us, escalation FROM follow_ups FINAL
    ) AS their_follow_ups
    USING (alert_id)
    WHERE stage NOT IN ('resolved', 'expired')
)
