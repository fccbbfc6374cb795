-- Seconds by which the clock in the calendar's zone is ahead of UTC in the minute.
timezoneOffset(toTimeZone(minute, {time_zone}))
