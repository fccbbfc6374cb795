(
            SELECT arrayJoin(arrayPopBack(arrayMap(answer -> answer.2, arraySort(groupArray((occurred_us, event_id)))))) AS repeated
            FROM events FINAL
            WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
                AND is_deleted = 0 AND occurred_us >= %(start)s AND occurred_us < %(end)s AND metric != ''
            GROUP BY customer_id, metric, scale_min, scale_max, {occasion}
            HAVING count() > 1
        )
