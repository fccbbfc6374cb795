-- Replaces the KPI minutes by what the events say now. A slice that has no event any more is
-- written with zeros, because its old row would stay otherwise.
--
-- Of two rows of a slice the one with the higher version stays. Versions were read by a statement before this
-- one, so a row says at least what its version stands for, whatever another writer inserts meanwhile.
INSERT INTO kpi_minutes
    (minute, channel, touchpoint, segment, brand, source, version, {names})
SELECT
    minute, channel, touchpoint, segment, brand, source,
    transform(toUInt32(minute), array%(known)s, array%(versions)s, toUInt64(0)) AS version,
    {sums}
FROM
(
    SELECT minute, channel, touchpoint, segment, brand, source,
    {counts}
    FROM events FINAL
    WHERE minute IN %(minutes)s AND is_deleted = 0
    GROUP BY minute, channel, touchpoint, segment, brand, source
    UNION ALL
    SELECT minute, channel, touchpoint, segment, brand, source, {zeros}
    FROM kpi_minutes
    WHERE minute IN %(minutes)s
) AS slices
GROUP BY minute, channel, touchpoint, segment, brand, source
