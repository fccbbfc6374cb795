-- Of plus, minus and n now and before: the change of the balance in points, with an interval of three standard
-- errors (adjusted Wald of each, as pipeline.kpi.formulas.balance has it), since many are compared at once.
100 * ((toInt64(plus) - toInt64(minus)) / n - (toInt64(plus_before) - toInt64(minus_before)) / n_before) AS value,
    100 * ((toInt64(plus) - toInt64(minus)) / (n + 3) - (toInt64(plus_before) - toInt64(minus_before)) / (n_before + 3)) AS middle,
    300 * sqrt(((plus + minus + 1.5) / (n + 3) - pow((toInt64(plus) - toInt64(minus)) / (n + 3), 2)) / (n + 3)
        + ((plus_before + minus_before + 1.5) / (n_before + 3)
            - pow((toInt64(plus_before) - toInt64(minus_before)) / (n_before + 3), 2)) / (n_before + 3)) AS margin
