-- Events of the range; of what a customer answered on one occasion only the last answer is one; a trend
-- looks at each interval for itself.
(
    SELECT * REPLACE (if(event_id IN
        (
            SELECT arrayJoin(arrayPopBack(arrayMap(answer -> answer.2, arraySort(groupArray((occurred_us, event_id)))))) AS repeated
            FROM {sent_answers}
            GROUP BY {each_interval}customer_id, metric, scale_min, scale_max, occasion
        ), '', metric) AS metric)
    FROM events FINAL
    WHERE {of_events}
)
