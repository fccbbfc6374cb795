-- Whole minutes that begin in the time range.
minute >= $__fromTime AND minute < $__toTime
