-- The headline, and how many complaints that is.
SELECT value_shown, concat(note, ' · ', toString(k), ' {word.complaints_in_all}') AS note, colour
FROM
(
    SELECT {headline}, k
    FROM
    (
        SELECT {share}, k, n
        FROM (SELECT sum(complaints) AS k, sum(orders) AS n FROM {counted})
    )
)
