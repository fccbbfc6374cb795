SELECT {headline}
FROM
(
    SELECT {median}, n
    FROM
    (
        SELECT arraySort(groupArray(assumeNotNull(minutes))) AS xs, count() AS n
        FROM {clocks}
        WHERE minutes IS NOT NULL
    )
)
