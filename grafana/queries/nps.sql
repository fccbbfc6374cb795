SELECT {headline}
FROM
(
    SELECT {balance}, n
    FROM
    (
        SELECT sum(promoters) AS plus, sum(detractors) AS minus, sum(nps_answers) AS n
        FROM {counted}
    )
)
