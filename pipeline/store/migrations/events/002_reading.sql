-- What a reading says beyond its label, and when a text was read again. Topics are parallel arrays:
-- ARRAY JOIN topics counts them.
ALTER TABLE events
    ADD COLUMN anger UInt8,
    ADD COLUMN urgency UInt8,
    -- 1: there was no time for a better engine.
    ADD COLUMN hurried UInt8,
    ADD COLUMN topics Nested(name String, label String, start UInt32, end UInt32),
    -- Epoch seconds at which a stored text was read again; 0: as it came.
    ADD COLUMN reread_at UInt32
