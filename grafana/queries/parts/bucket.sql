-- The interval that the minute is in, by the clock of the calendar's zone: its beginning there, less the offset that
-- holds then. So a day begins at midnight and an hour that comes twice is two, however the clock changes.
toDateTime(({bucket_there}) - timezoneOffset(toDateTime(({bucket_there}) - {offset}, {time_zone})), 'UTC')
