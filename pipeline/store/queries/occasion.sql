multiIf(
        ticket_id != '', concat('ticket ', ticket_id),
        order_id != '', concat('order ', order_id),
        touchpoint != '', concat('day ', toString(toDate(minute, {time_zone})), ' ', {folded.touchpoint}),
        concat('event ', event_id))
