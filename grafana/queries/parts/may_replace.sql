-- FINAL keeps the last revision of the rows that it is given, and reads every column of them. PREWHERE spares it
-- most rows, and is right as long as all rows that could replace another one pass.
(revision > 0 OR is_deleted = 1 OR reread_at > 0)
