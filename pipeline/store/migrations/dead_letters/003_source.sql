-- A topic that was made anew gives its offsets again.
ALTER TABLE dead_letters
    ADD COLUMN source String AFTER offset,
    MODIFY ORDER BY (topic, partition, offset, source)
