-- Of what each customer answered: the counts, and how they are spread (Spread in pipeline.kpi.formulas).
sum(own_plus) AS plus, sum(own_minus) AS minus, sum(own_n) AS n, countIf(own_n > 0) AS customers,
    sum(pow(toInt64(own_plus) - toInt64(own_minus), 2)) AS yy,
    sum((toInt64(own_plus) - toInt64(own_minus)) * toInt64(own_n)) AS ym, sum(own_n * own_n) AS mm
