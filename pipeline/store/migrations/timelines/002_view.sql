CREATE MATERIALIZED VIEW events_to_timelines TO timelines AS
SELECT customer_id, minute, event_id, revision, is_deleted, occurred_us, type, ticket_id, author_type,
    visitParamExtractBool(attributes, 'internal') AS internal,
    visitParamExtractBool(attributes, 'handoff') AS handoff,
    channel, touchpoint, segment, brand, source
FROM events
