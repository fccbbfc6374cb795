-- Everything that a customer did and that was done for them, on every channel, newest first.
SELECT toDateTime(intDiv(at_us, 1000000), 'UTC') AS time, customer_id, what, {channel_title} AS channel_shown, words, label, score_shown, by
FROM
(
    SELECT occurred_us AS at_us, customer_id, {event_title} AS what, channel, text AS words, label,
        if(metric = '', '', concat(metric, ' ', toString(score))) AS score_shown, author_type AS by, 3 AS place
    FROM events FINAL
    PREWHERE minute IN (SELECT minute FROM timelines WHERE customer_id = {the_customer})
        AND customer_id = {the_customer}
    WHERE is_deleted != 1
    UNION ALL
    SELECT opened_us AS at_us, customer_id, '{word.alert_opened}' AS what, channel,
        {alert_title} AS words, severity AS label, '' AS score_shown, '' AS by, 2 AS place
    FROM alerts FINAL
    WHERE customer_id = {the_customer} AND state != 'withdrawn'
    UNION ALL
    SELECT at_us, customer_id, concat('{word.action}: ', kind) AS what, '' AS channel, note AS words, outcome AS label,
        '' AS score_shown, by, 1 AS place
    FROM alert_actions FINAL
    WHERE customer_id = {the_customer}
)
ORDER BY at_us DESC, place, what
LIMIT 200
