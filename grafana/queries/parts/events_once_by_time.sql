-- The same with each interval for itself.
(
    SELECT * REPLACE (if(event_id IN
        (
            SELECT arrayJoin(arrayPopBack(arrayMap(answer -> answer.2, arraySort(groupArray((occurred_us, event_id)))))) AS repeated
            FROM {sent_answers}
            GROUP BY {bucket}, customer_id, metric, scale_min, scale_max, occasion
        ), '', metric) AS metric)
    FROM events FINAL
    WHERE {of_events}
)
