-- When the interval of the minute begins, as seconds of the clock in the calendar's zone.
intDiv(toUInt32(minute) + {offset}, $__interval_s) * $__interval_s
