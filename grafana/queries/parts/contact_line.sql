-- An event as a line of a contact: (time, order within a moment, author, channel, ticket, topic, whether somebody
-- `asks`, whether a person is asked, whether it resolves, touchpoint, minute, pause of its channel, that of its thread).
(occurred_us, toUInt8(indexOf([{types.ticket}], type)), author_type, {folded.channel}, ticket_id, {folded.touchpoint},
    toUInt8(asks), toUInt8({is_assisted}), toUInt8({is_resolution}), touchpoint, minute, toInt64({pause_us}),
    greatest(toInt64({pause_us}), if(type IN ({types.line}) AND ticket_id != '', {in_ticket_us}, 0)))
