-- Stores `rows` synthetic events of `customers` customers, spread evenly over `span` seconds from `start`.
-- Their ids are in random order, as UUIDs are.
INSERT INTO events
    (minute, event_id, is_deleted, occurred_us, received_us, revision, customer_id, channel, type,
    author_type, text, language, metric, score, scale_min, scale_max, touchpoint, ticket_id, segment,
    brand, source, attributes, label, p_negative, p_neutral, p_positive, intensity, read_language,
    engine, engine_version, intents)
SELECT
    toDateTime(intDiv(us, 60000000) * 60, 'UTC'),
    lower(concat(hex(intHash64(number)), hex(intHash64(number + 7919)))),
    0, us, us, 0,
    concat('c', toString(intHash64(number + 1) % {customers})),
    arrayElement(['app', 'web', 'call', 'store'], toUInt8(number % 4 + 1)),
    type, 'customer', text, if(text = '', '', 'tr'),
    if(type = 'survey', 'nps', ''), if(type = 'survey', toFloat64(h % 11), 0.),
    0., if(type = 'survey', 10., 0.),
    arrayElement(['fatura', 'kargo', 'destek'], toUInt8(intDiv(h, 100) % 3 + 1)),
    if(type LIKE 'ticket.%', concat('t', toString(intDiv(number, 18))), ''),
    arrayElement(['vip', 'std'], toUInt8(intDiv(h, 1000) % 2 + 1)),
    arrayElement(['A', 'B'], toUInt8(intDiv(h, 3000) % 2 + 1)),
    'sim', '{{}}',
    if(text = '', '', 'negative'), if(text = '', 0., 0.7), if(text = '', 0., 0.2),
    if(text = '', 0., 0.1), if(text = '', 0., 0.5), if(text = '', '', 'tr'),
    if(text = '', '', 'fast'), if(text = '', '', '1'),
    if(text = '', '', '[{{"name":"cancel","start":3,"end":9}}]')
FROM
(
    SELECT number, us, h, type,
        if(type IN ('message', 'call', 'complaint', 'survey'),
            concat('Üç haftadır internetim yok, kimse çözmedi ', toString(h % 1000)), '') AS text
    FROM
    (
        SELECT number, intHash64(number + 3) AS h,
            toInt64({start}) * 1000000
                + toInt64(intHash64(number + 5) % toUInt64({span} * 1000000)) AS us,
            arrayElement(['message', 'message', 'usage', 'usage', 'call', 'survey', 'ticket.opened',
                'ticket.resolved', 'order.placed', 'complaint'],
                toUInt8(intHash64(number + 9) % 10 + 1)) AS type
        FROM numbers({first}, {rows})
    )
)
