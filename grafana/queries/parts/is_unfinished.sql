-- Whether an interval had not ended at the end of the time range.
(time + $__interval_s > $__toTime)
