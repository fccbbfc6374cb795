SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM (SELECT countIf(solved) AS k, count() AS n FROM {sessions})
)
