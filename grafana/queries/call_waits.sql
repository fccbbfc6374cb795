-- How long callers wait in the line, where the source says so (attribute wait_seconds).
SELECT {bucket} AS time, if(count() < ${enough}, NULL, quantile(0.5)(visitParamExtractUInt(attributes, 'wait_seconds'))) AS median_wait,
    if(count() < ${enough}, NULL, quantile(0.9)(visitParamExtractUInt(attributes, 'wait_seconds'))) AS p90_wait
FROM events FINAL
PREWHERE type = 'call' OR {may_replace}
WHERE {of_events} AND type = 'call' AND position(attributes, '"wait_seconds":') > 0
GROUP BY time
ORDER BY time
