    countIf(type = 'call' AND author_type = 'customer' AND label != '') AS calls,
    countIf(type = 'call' AND author_type = 'customer' AND label != ''
        AND position(intents, '"name":"ask_status"') > 0) AS avoidable_calls
