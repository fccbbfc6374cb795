-- Replaces the KPI minutes by what the events say now. A slice that has no event any more is
-- written with zeros, because its old row would stay otherwise.
--
-- Of two rows of a slice the one that saw more events, later revisions or later readings has the higher
-- version, whoever wrote it, and whatever the clocks said. Earlier releases took nanoseconds for it, which
-- the constant exceeds. Where events are deleted, the sum falls: delete the minute's rows first.
INSERT INTO kpi_minutes
    (minute, channel, touchpoint, segment, brand, source, version, {names})
SELECT minute, channel, touchpoint, segment, brand, source, version, {sums}
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
ANY LEFT JOIN
(
    SELECT minute, toUInt64(2000000000000000000 + sum(revision + 1) + sum(reread_at)) AS version
    FROM events FINAL
    WHERE minute IN %(minutes)s
    GROUP BY minute
) AS versions
USING (minute)
GROUP BY minute, channel, touchpoint, segment, brand, source, version
