SELECT severity, countIf(hours < 1) AS under_1_hour, countIf(hours >= 1 AND hours < 4) AS under_4_hours,
    countIf(hours >= 4 AND hours < 24) AS under_a_day, countIf(hours >= 24) AS older
FROM
(
    SELECT severity, severity_order, ({now_us} - opened_us) / 3600000000 AS hours FROM {open_alerts}
)
GROUP BY severity, severity_order
ORDER BY severity_order
