-- Counts of a window: whole minutes from kpi_minutes, the cut ones at its ends from the events.
SELECT {by}, {sums}
FROM
(
    SELECT channel, touchpoint, segment, brand, source, {names}
    FROM kpi_minutes FINAL
    WHERE minute >= toDateTime(%(whole_from)s, 'UTC') AND minute < toDateTime(%(whole_to)s, 'UTC')
    UNION ALL
    SELECT channel, touchpoint, segment, brand, source,
    {counts}
    FROM events FINAL
    WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
        AND (minute < toDateTime(%(whole_from)s, 'UTC') OR minute >= toDateTime(%(whole_to)s, 'UTC'))
        AND is_deleted = 0
        AND occurred_us >= %(start)s AND occurred_us < %(end)s
    GROUP BY channel, touchpoint, segment, brand, source
)
GROUP BY {of}
-- In kpi_minutes, a slice that lost its last event remains with zeros.
HAVING sum(events) > 0
