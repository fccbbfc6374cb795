SELECT {bucket} AS time, if({is_unfinished}, '{word.unfinished}', if(touchpoint = '', '{word.not_given}', {touchpoint_title})) AS series,
    sum(complaints) AS complaints_n
FROM {counted}
GROUP BY time, series
HAVING complaints_n > 0
ORDER BY time, series
