-- Outages that affected five customers or more: events of a brand without a pause of six hours are one outage.
-- An event is (its minute, whose it is).
SELECT incident[1].1 AS time, incident[-1].1 AS "timeEnd",
    concat('{word.outage}: ', brand, ', ', toString(struck), ' {word.customers}') AS text
FROM
(
    SELECT brand, incident, arrayUniq(incident.2) AS struck
    FROM
    (
        SELECT brand, arraySort(groupArray((minute, customer_id))) AS steps,
            arrayDifference(arrayMap(step -> toUInt32(step.1), steps)) AS pauses
        FROM events FINAL
        PREWHERE type IN ('outage.started', 'outage.ended') OR {may_replace}
        WHERE {window} AND {is_valid} AND type IN ('outage.started', 'outage.ended') AND {filters}
        GROUP BY brand
    )
    ARRAY JOIN arraySplit((step, pause) -> pause > 21600, steps, pauses) AS incident
)
WHERE struck >= {fewest}
ORDER BY time
