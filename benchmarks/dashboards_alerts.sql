-- Alerts of every tenth copy; those opened more than half a day before the end are settled.
INSERT INTO alerts
SELECT sample_alerts.* REPLACE
(
    concat(id, '-', copy) AS id,
    concat(customer_id, '-', copy) AS customer_id,
    if(sample_alerts.opened_us + shift_us < {end_us} - 43200000000, 'resolved', 'open') AS state,
    if(sample_alerts.opened_us + shift_us < {end_us} - 43200000000, sample_alerts.opened_us + shift_us + 21600000000, 0) AS closed_us,
    sample_alerts.opened_us + shift_us AS opened_us,
    sample_alerts.updated_us + shift_us AS updated_us
)
FROM sample_alerts
CROSS JOIN
(
    SELECT toString(number * 10) AS copy, toInt64(cityHash64(number * 10) % {shifts}) * 60000000 AS shift_us
    FROM numbers(intDiv({copies} + 9, 10))
) AS copies
WHERE sample_alerts.opened_us + shift_us < {end_us}
