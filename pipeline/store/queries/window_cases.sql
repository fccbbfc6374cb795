-- Cases with a step in the window.
SELECT
    customer_id, opened_us, acknowledged_us, contacted_us, contact_due_us, ended_us, end,
    channel, '' AS touchpoint, segment, brand, '' AS source
FROM worked_cases
WHERE (acknowledged_us >= %(start)s AND acknowledged_us < %(end)s)
    OR (contacted_us >= %(start)s AND contacted_us < %(end)s)
    OR (contact_due_us >= %(start)s AND contact_due_us < %(end)s)
    OR (ended_us >= %(start)s AND ended_us < %(end)s)
