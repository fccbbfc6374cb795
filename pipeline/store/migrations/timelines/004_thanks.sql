ALTER TABLE timelines
    -- 1: a text that says thank you and asks nothing.
    ADD COLUMN thanks UInt8
