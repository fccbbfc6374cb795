SELECT letter
FROM dead_letters FINAL
WHERE %(reason)s = '' OR reason = %(reason)s
ORDER BY received_at DESC, topic, partition, offset DESC
LIMIT %(limit)s
