-- The choices of a variable: of each name the spelling that most events have. A slice of which a revision took the
-- last event keeps a row of zeros.
SELECT argMax(spelling, times) AS choice
FROM
(
    SELECT trimBoth({dimension}) AS spelling, sum(events) AS times
    FROM kpi_minutes FINAL
    WHERE {window} AND events > 0
    GROUP BY spelling
)
WHERE spelling != ''
GROUP BY {folded.spelling}
ORDER BY choice
LIMIT 200
