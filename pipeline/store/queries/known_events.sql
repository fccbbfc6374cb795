-- The revision of each event and every minute that it has been in.
SELECT event_id, max(revision), groupUniqArray(toUnixTimestamp(minute))
FROM event_index
WHERE event_id IN %(event_ids)s
GROUP BY event_id
