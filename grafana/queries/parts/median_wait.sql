-- Of sorted `waits`, each (minutes, whether it still runs): the median, or what it is at least, with its 95% interval,
-- as pipeline.kpi.estimates.quantile has them. `high` is NULL where nobody knows it yet.
ifNull(reached[1], so_far[1]) AS value,
    if(are_few, NULL, ifNull(reached[2], so_far[2])) AS low,
    if(are_few, NULL, reached[3]) AS high
