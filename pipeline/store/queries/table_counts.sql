SELECT 'events' AS name, count() FROM events FINAL WHERE is_deleted != 1
UNION ALL
SELECT 'alerts' AS name, count() FROM alerts FINAL
UNION ALL
SELECT 'dead_letters' AS name, count() FROM dead_letters FINAL
