SELECT severity, risk, customer_id, {alert_title} AS title, simpleJSONExtractString(alert, 'quote') AS quote,
    intDiv({now_us} - opened_us, 1000000) AS age,
    if(contacted OR contact_due_us = 0, NULL, intDiv(contact_due_us - {now_us}, 1000000)) AS due_in,
    stage AS stage_shown, owner, {channel_title} AS channel_shown, brand, segment, alert_id
FROM
(
    SELECT severity, severity_order, simpleJSONExtractFloat(alert, 'risk') AS risk, customer_id, alert, opened_us, stage, owner,
        contacted, contact_due_us, channel, brand, segment, alert_id
    FROM {open_alerts}
)
ORDER BY severity_order, risk DESC, age DESC, alert_id
LIMIT 200
