SELECT countIf(owner = '') AS value_shown,
    concat('{word.of_open} ', toString(count())) AS note, if(value_shown > 0, 'orange', 'green') AS colour
FROM {open_alerts}
