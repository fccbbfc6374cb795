SELECT event_id, toUnixTimestamp(argMax(minute, revision)), max(revision),
    groupUniqArray(toUnixTimestamp(minute))
FROM event_index
WHERE event_id IN %(event_ids)s
GROUP BY event_id
