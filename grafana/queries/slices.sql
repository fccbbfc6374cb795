SELECT if(slice = '', '{word.not_given}', {slice_title}) AS slice_shown,
    if(nps_n < ${enough}, NULL, 100 * (toInt64(promoters_n) - toInt64(detractors_n)) / nps_n) AS nps,
    if(csat_n < ${enough}, NULL, 100 * satisfied_n / csat_n) AS csat,
    if(ces_n < ${enough}, NULL, 100 * easy_n / ces_n) AS ces,
    if(texts_n < ${enough}, NULL, 100 * (toInt64(positive_n) - toInt64(negative_n)) / texts_n) AS net_sentiment,
    if(customers < ${enough}, NULL, 100 * alerted / customers) AS negative_customers,
    complaints_n AS complaints,
    texts_n AS texts,
    customers
FROM
(
    SELECT {folded_dimension} AS slice, topK(1)(trimBoth({dimension}))[1] AS spelling, uniqExact(customer_id) AS customers,
        uniqExactIf(customer_id, customer_id IN {had_open_alert}) AS alerted
    FROM events FINAL
    WHERE {of_active}
    GROUP BY slice
    HAVING customers >= {fewest}
) AS people
ALL INNER JOIN
(
    SELECT {folded_dimension} AS slice, sum(nps_answers) AS nps_n, sum(promoters) AS promoters_n, sum(detractors) AS detractors_n,
        sum(csat_answers) AS csat_n, sum(csat_satisfied) AS satisfied_n, sum(ces_answers) AS ces_n, sum(ces_easy) AS easy_n,
        sum(texts) AS texts_n, sum(positive) AS positive_n, sum(negative) AS negative_n, sum(complaints) AS complaints_n
    FROM {counted}
    GROUP BY slice
) AS counts
USING (slice)
ORDER BY customers DESC, slice_shown
