SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM (SELECT sum(csat_satisfied) AS k, sum(csat_answers) AS n FROM {counted})
)
