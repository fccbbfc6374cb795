-- Replaces the KPI minutes by what the events say now. A slice that has no event any more is
-- written with zeros, because its old row would stay otherwise.
INSERT INTO kpi_minutes
    (minute, channel, touchpoint, segment, brand, source, version, {names})
SELECT minute, channel, touchpoint, segment, brand, source, toUInt64(%(version)s), {sums}
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
)
GROUP BY minute, channel, touchpoint, segment, brand, source
