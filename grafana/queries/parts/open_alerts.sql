-- Alerts that were open at the end of the range and that nobody had settled by then, with how far their follow-up was.
-- What happened later is left out; what a later action took back, and who owned it before another did, is not kept.
(
    SELECT alert_id, customer_id, severity, severity_order, brand, segment, channel, opened_us, alert, contact_due_us,
        multiIf(contacted, 'contacted', acknowledged, 'acknowledged', 'open') AS stage,
        if(acknowledged_us >= {now_us}, '', owner_now) AS owner, contacted
    FROM
    (
        SELECT id AS alert_id, customer_id, severity, brand, segment, channel, opened_us, alert,
            indexOf(['critical', 'high', 'medium', 'low'], severity) AS severity_order
        FROM alerts FINAL
        WHERE {was_open} AND {alert_filters}
    ) AS open_ones
    ANY LEFT JOIN
    (
        SELECT alert_id, owner AS owner_now, acknowledged_us, contact_due_us,
            acknowledged_us > 0 AND acknowledged_us < {now_us} AS acknowledged,
            contacted_us > 0 AND contacted_us < {now_us} AS contacted,
            resolved_us > 0 AND resolved_us < {now_us} OR stage = 'expired' AND updated_us < {now_us} AS settled
        FROM follow_ups FINAL
    ) AS their_follow_ups
    USING (alert_id)
    WHERE NOT settled
)
