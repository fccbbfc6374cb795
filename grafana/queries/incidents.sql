-- Outages that struck five customers or more, as one span a brand and hour of beginning.
SELECT min(minute) AS time, max(minute) AS "timeEnd",
    concat('{word.outage}: ', brand, ', ', toString(uniqExact(customer_id)), ' {word.customers}') AS text
FROM events FINAL
WHERE {window} AND {is_valid} AND type IN ('outage.started', 'outage.ended') AND {filters}
GROUP BY brand, intDiv(toUInt32(minute), 21600)
HAVING uniqExact(customer_id) >= {fewest}
ORDER BY time
