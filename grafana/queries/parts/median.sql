-- Of sorted xs and n: the median, with the 95% interval of its rank (binomial, by its normal approximation).
if(n = 0, NULL, (xs[intDiv(n + 1, 2)] + xs[intDiv(n, 2) + 1]) / 2) AS value,
    if(n = 0, NULL, xs[greatest(1, toInt64(floor(n / 2 - 0.98 * sqrt(n))))]) AS low,
    if(n = 0, NULL, xs[least(toInt64(n), toInt64(ceil(n / 2 + 1 + 0.98 * sqrt(n))))]) AS high
