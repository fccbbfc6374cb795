-- Events from before the view; what is in both is there once.
INSERT INTO timelines
    (customer_id, minute, event_id, revision, is_deleted, occurred_us, type, ticket_id, author_type,
    internal, handoff, channel, touchpoint, segment, brand, source)
SELECT customer_id, minute, event_id, revision, is_deleted, occurred_us, type, ticket_id, author_type,
    visitParamExtractBool(attributes, 'internal') AS internal,
    visitParamExtractBool(attributes, 'handoff') AS handoff,
    channel, touchpoint, segment, brand, source
FROM events FINAL
