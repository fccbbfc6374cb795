-- Three of four alerts are acknowledged after ten minutes; two of four lead to a contact after an hour.
INSERT INTO follow_ups (alert_id, revision, customer_id, cause, severity, stage, owner, brand, segment, channel,
    opened_us, updated_us, acknowledged_us, contacted_us, acknowledge_due_us, contact_due_us)
SELECT id, 1, customer_id, cause, severity,
    if(state = 'resolved', 'resolved', arrayElement(['open', 'acknowledged', 'contacted', 'contacted'], kind + 1)),
    if(kind > 0, 'ayse', ''), brand, segment, channel, opened_us, updated_us,
    if(kind > 0, opened_us + 600000000, 0), if(kind > 1, opened_us + 3600000000, 0), opened_us + 900000000, opened_us + 14400000000
FROM (SELECT *, cityHash64(id) % 4 AS kind FROM alerts)
