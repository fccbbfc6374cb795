-- Makes {copies} copies of the sampled week from copy {first} on, with new customers, tickets and ids (in random
-- order, as UUIDs are). Each week begins at another minute of the span of {shifts}, and is cut off at its end.
INSERT INTO events
SELECT sample.* REPLACE
(
    minute + shift AS minute,
    occurred_us + shift * 1000000 AS occurred_us,
    received_us + shift * 1000000 AS received_us,
    lower(concat(hex(cityHash64(event_id, copy)), '-', event_id, '-', copy)) AS event_id,
    concat(customer_id, '-', copy) AS customer_id,
    if(ticket_id = '', '', concat(ticket_id, '-', copy)) AS ticket_id
)
FROM sample
CROSS JOIN
(
    SELECT toString(number) AS copy, toInt64(cityHash64(number) % {shifts}) * 60 AS shift FROM numbers({first}, {copies})
) AS copies
WHERE sample.minute + shift < fromUnixTimestamp64Micro({end_us})
