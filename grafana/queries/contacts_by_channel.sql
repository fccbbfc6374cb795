-- Contacts that ask a person for help, in each interval.
SELECT {bucket} AS time, if(channel = '', '{word.not_given}', channel) AS series, count() AS contacts
FROM events FINAL
PREWHERE {is_contact} OR {may_replace}
WHERE {of_events} AND {is_contact}
GROUP BY time, series
ORDER BY time, series
