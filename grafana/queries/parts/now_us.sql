-- The end of the time range: "now" for what is open.
(toInt64(toUInt32($__toTime)) * 1000000)
