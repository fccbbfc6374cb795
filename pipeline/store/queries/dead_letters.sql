-- Those waiting for a retry come first, so that a limit never hides them.
SELECT letter
FROM dead_letters FINAL
WHERE %(reason)s = '' OR reason = %(reason)s
ORDER BY retried_us = 0 DESC, received_at DESC, topic, partition, offset DESC
LIMIT %(limit)s
