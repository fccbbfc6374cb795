-- Net sentiment of each combination of two dimensions.
SELECT if(down = '', '{word.not_given}', down) AS down_shown, if(across = '', '{word.not_given}', across) AS across_shown,
    if(n < ${enough}, NULL, 100 * (toInt64(plus) - toInt64(minus)) / n) AS value
FROM
(
    SELECT {down_title} AS down, {across_title} AS across, sum(positive) AS plus, sum(negative) AS minus, sum(texts) AS n
    FROM {counted}
    GROUP BY down, across
)
WHERE n > 0
ORDER BY down_shown, across_shown
