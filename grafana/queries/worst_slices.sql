-- Net sentiment of each slice compared with the range before ({window} covers both): declines, most certain first.
SELECT transform(dimension, ['brand', 'channel', 'touchpoint', 'segment', 'touchpoint, channel'],
        ['{word.brand}', '{word.channel}', '{word.touchpoint}', '{word.segment}', '{word.touchpoint}, {word.channel}'], dimension) AS dimension_shown,
    slice AS slice_shown, 100 * (toInt64(plus) - toInt64(minus)) / n AS net_sentiment,
    value AS change, middle - margin AS change_low, middle + margin AS change_high, n AS texts,
    if(change_high < 0, '{word.worse}', '{word.may_be_chance}') AS verdict
FROM
(
    SELECT dimension, slice, plus, minus, n, {balance_change}
    FROM
    (
        SELECT pair.1 AS dimension, pair.2 AS slice, sumIf(positive, {is_now}) AS plus, sumIf(negative, {is_now}) AS minus,
            sumIf(texts, {is_now}) AS n, sumIf(positive, NOT {is_now}) AS plus_before, sumIf(negative, NOT {is_now}) AS minus_before,
            sumIf(texts, NOT {is_now}) AS n_before
        FROM
        (
            SELECT minute, positive, negative, texts, arrayJoin([('brand', brand), ('channel', {channel_title}), ('touchpoint', {touchpoint_title}),
                ('segment', segment), ('touchpoint, channel', concat({touchpoint_title}, ', ', {channel_title}))]) AS pair
            FROM {counted}
            WHERE texts > 0
        )
        WHERE pair.2 != ''
        GROUP BY dimension, slice
    )
    WHERE n >= ${enough} AND n_before >= ${enough}
)
WHERE value < 0
ORDER BY change_high, slice_shown
LIMIT 20
