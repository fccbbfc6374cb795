-- The choices of a variable. A slice of which a revision took the last event keeps a row of zeros.
SELECT DISTINCT {dimension} AS choice
FROM kpi_minutes FINAL
WHERE {window} AND events > 0 AND {dimension} != ''
ORDER BY choice
LIMIT 200
