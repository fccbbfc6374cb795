-- The headline, and how many complaints that is. Orders come by other channels and touchpoints than complaints, and in
-- no language: where one is chosen there is no rate.
SELECT value_shown, concat(note, ' · ', '{word.complaints_in_all} ', toString(k)) AS note, colour
FROM
(
    SELECT {headline}, k
    FROM
    (
        SELECT {ratio}, k, n
        FROM
        (
            SELECT sum(complaints) AS k,
                sumIf(orders, $__conditionalAll(1 = 0, $channel) AND $__conditionalAll(1 = 0, $touchpoint) AND $__conditionalAll(1 = 0, $language)) AS n
            FROM {counted}
        )
    )
)
