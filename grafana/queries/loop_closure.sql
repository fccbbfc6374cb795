SELECT {headline}
FROM
(
    SELECT {share}, n
    FROM
    (
        SELECT countIf(contacted_us != 0 AND contacted_us <= contact_due_us) AS k, count() AS n
        FROM follow_ups FINAL
        WHERE contact_due_us >= {from_us} AND contact_due_us < {now_us} AND {alert_filters}
    )
)
