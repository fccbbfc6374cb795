-- Combinations of dimension values in the window's minutes.
SELECT {by}, sum(events)
FROM kpi_minutes FINAL
WHERE minute >= toDateTime(%(first)s, 'UTC') AND minute <= toDateTime(%(last)s, 'UTC')
GROUP BY {by}
HAVING sum(events) > 0
