-- Rejected messages that have not been retried, whenever they arrived.
SELECT reason, topic, count() AS messages, max(received_at) AS newest
FROM dead_letters FINAL
WHERE retried_us = 0
GROUP BY reason, topic
ORDER BY messages DESC, reason, topic
LIMIT 50
