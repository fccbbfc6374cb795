-- Of `points` (wait_points.sql) and `ranks`, from 0: the waits of these ranks, NULL where so many still run that it is
-- not known, and what each is at least, which is how long they waited so far.
arrayMap(rank -> (arrayFirstIndex(point -> rank <= point.3 + 1e-6, points) AS place)
            = 0 ? NULL : points[place - 1].1 + least(1., rank - points[place].2 + 1) * (points[place].1 - points[place - 1].1),
        ranks) AS reached,
    arrayMap(rank -> waits[toInt64(floor(rank)) + 1].1
            + (rank - floor(rank)) * (waits[toInt64(ceil(rank)) + 1].1 - waits[toInt64(floor(rank)) + 1].1),
        ranks) AS so_far
