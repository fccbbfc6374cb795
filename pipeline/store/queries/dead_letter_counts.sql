-- Retried ones no longer wait.
SELECT reason, count()
FROM dead_letters FINAL
WHERE retried_us = 0
GROUP BY reason
ORDER BY reason
