SELECT {headline}
FROM
(
    SELECT {median}, n
    FROM
    (
        SELECT arraySort(groupArray((contacted_us - opened_us) / 60000000)) AS xs, count() AS n
        FROM worked_cases
        WHERE contacted_us >= {from_us} AND contacted_us < {now_us} AND {alert_filters}
    )
)
