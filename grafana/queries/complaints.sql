SELECT k AS value_shown,
    if(n = 0, '', concat(toString(round(100 * k / n, 1)), ' {word.per_100_orders} · n ', toString(n))) AS note,
    'text' AS colour
FROM (SELECT sum(complaints) AS k, sum(orders) AS n FROM {counted})
