-- The counts of each minute and slice: as they are kept, or, where a language is chosen, which KPI
-- minutes do not know, from the events.
(
    SELECT minute, channel, touchpoint, segment, brand, {names}
    FROM kpi_minutes FINAL
    WHERE {window} AND {filters} AND $__conditionalAll(1 = 0, $language)
    UNION ALL
    SELECT minute, channel, touchpoint, segment, brand,
    {counts}
    FROM events FINAL
    WHERE {of_events} AND NOT ($__conditionalAll(1 = 0, $language))
    GROUP BY minute, channel, touchpoint, segment, brand
)
