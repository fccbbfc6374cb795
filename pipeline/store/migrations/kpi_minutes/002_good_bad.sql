ALTER TABLE kpi_minutes
    -- Ratings on 0–1: good or bad. Minutes from before the columns have them once an event comes.
    ADD COLUMN good_bad_answers UInt64,
    ADD COLUMN good_answers UInt64
