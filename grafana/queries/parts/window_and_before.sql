-- The time range and as much time before it.
minute >= $__fromTime - ($__toTime - $__fromTime) AND minute < $__toTime
