-- Follow-ups with a step in the window.
SELECT
    customer_id, opened_us, acknowledged_us, contacted_us, contact_due_us,
    channel, '' AS touchpoint, segment, brand, '' AS source
FROM follow_ups FINAL
WHERE (acknowledged_us >= %(start)s AND acknowledged_us < %(end)s)
    OR (contacted_us >= %(start)s AND contacted_us < %(end)s)
    OR (contact_due_us >= %(start)s AND contact_due_us < %(end)s)
