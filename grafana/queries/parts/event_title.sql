transform(type, {event_names}, {event_titles}, type)
