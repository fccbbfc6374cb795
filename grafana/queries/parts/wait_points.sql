-- Of sorted `waits`, each (minutes, whether it still runs), and their number n: `points`, the waits that ended, each
-- (minutes, its first rank, its last one), as pipeline.kpi.product_limit has them: a running wait shares its weight
-- among the longer ones, and of two equally long the running one is longer. The first point stands before all.
arrayMap(log_left -> n * exp(log_left), arrayCumSum(arrayMap(
        (wait, place) -> if(wait.2, 0., log((n - place) / (n - place + 1))), waits, arrayEnumerate(waits)))) AS weights_left,
    arrayPushFront(arrayFilter(point -> NOT point.4, arrayMap(
        (wait, before, after) -> (toFloat64(wait.1), n - before, n - after - 1, wait.2),
        waits, arrayPopBack(arrayPushFront(weights_left, toFloat64(n))), weights_left)), (0., -1., -1., toUInt8(0))) AS points
