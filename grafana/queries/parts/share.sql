-- Of k and n: 100k/n with its Wilson interval (pipeline.kpi.share); above 100 it is no share and has none.
100 * k / n AS value,
    if(k > n, NULL, greatest(0., 100 / (1 + 3.841458820694124 / n) * (k / n + 3.841458820694124 / (2 * n)
        - 1.959963984540054 * sqrt(k / n * (1 - k / n) / n + 3.841458820694124 / (4 * n * n))))) AS low,
    if(k > n, NULL, least(100., 100 / (1 + 3.841458820694124 / n) * (k / n + 3.841458820694124 / (2 * n)
        + 1.959963984540054 * sqrt(k / n * (1 - k / n) / n + 3.841458820694124 / (4 * n * n))))) AS high
