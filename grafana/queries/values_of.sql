-- The choices of a variable, each in its most frequent spelling. A slice that lost its last event to a revision
-- keeps a row of zeros.
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
