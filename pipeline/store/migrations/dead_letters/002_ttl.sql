-- Messages that nobody has mended in 90 days are deleted.
ALTER TABLE dead_letters MODIFY TTL stored_at + INTERVAL 90 DAY
