-- Of plus, minus and n: 100(plus - minus)/n with its adjusted Wald interval (pipeline.kpi.balance).
100 * (toInt64(plus) - toInt64(minus)) / n AS value,
    greatest(-100., 100 * ((toInt64(plus) - toInt64(minus)) / (n + 3) - 1.959963984540054 * sqrt(
        ((plus + minus + 1.5) / (n + 3) - pow((toInt64(plus) - toInt64(minus)) / (n + 3), 2)) / (n + 3)))) AS low,
    least(100., 100 * ((toInt64(plus) - toInt64(minus)) / (n + 3) + 1.959963984540054 * sqrt(
        ((plus + minus + 1.5) / (n + 3) - pow((toInt64(plus) - toInt64(minus)) / (n + 3), 2)) / (n + 3)))) AS high
