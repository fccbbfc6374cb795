SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM (SELECT sum(ces_easy) AS k, sum(ces_answers) AS n FROM {counted})
)
