SELECT if(slice = '', '{word.not_given}', {slice_title}) AS slice_shown,
    if(nps_answers < ${enough}, NULL, 100 * (toInt64(promoters) - toInt64(detractors)) / nps_answers) AS nps,
    if(csat_answers < ${enough}, NULL, 100 * csat_satisfied / csat_answers) AS csat,
    if(ces_answers < ${enough}, NULL, 100 * ces_easy / ces_answers) AS ces,
    if(texts < ${enough}, NULL, 100 * (toInt64(positive) - toInt64(negative)) / texts) AS net_sentiment,
    if(customers < ${enough}, NULL, 100 * alerted / customers) AS negative_customers,
    complaints,
    texts,
    customers
FROM
(
    SELECT {folded_dimension} AS slice, topK(1)(trimBoth({dimension}))[1] AS spelling, uniqExactIf(customer_id, is_active) AS customers,
        uniqExactIf(customer_id, is_active AND customer_id IN {had_open_alert}) AS alerted,
    {counts}
    FROM (SELECT *, type NOT IN ({types.bookkeeping}) AS is_active FROM {events_once})
    GROUP BY slice
    HAVING customers >= {fewest}
)
ORDER BY customers DESC, slice_shown
