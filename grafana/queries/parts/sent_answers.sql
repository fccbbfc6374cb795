-- Answers in the range, of any slice.
(
    SELECT minute, occurred_us, event_id, customer_id, metric, scale_min, scale_max, {occasion} AS occasion
    FROM events FINAL
    PREWHERE metric != '' OR {may_replace}
    WHERE {window} AND {is_valid} AND metric != ''
)
