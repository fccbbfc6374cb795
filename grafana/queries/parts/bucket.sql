-- The interval that the minute is in; days begin at midnight in Istanbul (UTC+3).
toDateTime(intDiv(toUInt32(minute) + 10800, $__interval_s) * $__interval_s - 10800, 'UTC')
