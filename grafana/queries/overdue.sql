SELECT countIf(NOT contacted AND contact_due_us > 0 AND contact_due_us < {now_us}) AS value_shown,
    concat('{word.due_soon} ', toString(countIf(NOT contacted AND contact_due_us >= {now_us}
        AND contact_due_us < {now_us} + 3600000000))) AS note,
    if(value_shown > 0, 'red', 'green') AS colour
FROM {open_alerts}
