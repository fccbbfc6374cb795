multiIf(
        ticket_id != '', concat('ticket ', ticket_id),
        order_id != '', concat('order ', order_id),
        touchpoint != '', concat('day ', toString(intDiv(toUInt32(minute) + 10800, 86400)), ' ', {folded.touchpoint}),
        concat('event ', event_id))
