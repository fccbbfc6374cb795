-- Outages that struck five customers or more: of each brand, events with no pause of six hours are one.
-- An event is (its minute, whose it is); the condition on lengths holds always: ClickHouse 18 gives a lambda only
-- columns that are used outside of one too.
SELECT toDateTime(steps[first].1, 'UTC') AS time, toDateTime(steps[next - 1].1, 'UTC') AS "timeEnd",
    concat('{word.outage}: ', brand, ', ', toString(arrayUniq(arraySlice(people, first, next - first))), ' {word.customers}') AS text
FROM
(
    SELECT brand, steps, arrayMap(step -> step.2, steps) AS people, starts,
        arrayPushBack(arrayPopFront(starts), toUInt32(length(steps) + 1)) AS nexts
    FROM
    (
        SELECT brand, steps, arrayFilter(i -> i = 1 OR steps[i].1 - steps[i - 1].1 > 21600, places) AS starts
        FROM
        (
            SELECT brand, arraySort(groupArray((toInt64(toUInt32(minute)), customer_id))) AS steps, arrayEnumerate(steps) AS places
            FROM events FINAL
            PREWHERE type IN ('outage.started', 'outage.ended') OR {may_replace}
            WHERE {window} AND {is_valid} AND type IN ('outage.started', 'outage.ended') AND {filters}
            GROUP BY brand
        )
        WHERE length(steps) = length(places)
    )
)
ARRAY JOIN starts AS first, nexts AS next
WHERE arrayUniq(arraySlice(people, first, next - first)) >= {fewest}
ORDER BY time
