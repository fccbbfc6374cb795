(toInt64(toUInt32($__fromTime)) * 1000000)
