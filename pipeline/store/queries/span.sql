-- When the first and the last counted event happened.
SELECT min(occurred_us), max(occurred_us)
FROM events FINAL
WHERE is_deleted = 0
HAVING count() > 0
