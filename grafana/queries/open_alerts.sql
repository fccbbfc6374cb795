SELECT count() AS value_shown,
    concat('{word.critical} ', toString(countIf(severity = 'critical')), ' · {word.high} ', toString(countIf(severity = 'high'))) AS note,
    if(countIf(severity = 'critical') > 0, 'red', 'text') AS colour
FROM {open_alerts}
