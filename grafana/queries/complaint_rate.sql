-- The headline, and how many complaints that is.
SELECT value_shown, concat(note, ' · ', '{word.complaints_in_all} ', toString(k)) AS note, colour
FROM
(
    SELECT {headline}, k
    FROM
    (
        SELECT {ratio}, k, n
        FROM (SELECT sum(complaints) AS k, sum(orders) AS n FROM {counted})
    )
)
