(minute >= $__fromTime)
