CREATE MATERIALIZED VIEW events_to_timelines TO timelines AS
SELECT customer_id, minute, event_id, revision, is_deleted, occurred_us, type, ticket_id, author_type,
    visitParamExtractBool(attributes, 'internal') AS internal,
    visitParamExtractBool(attributes, 'handoff') AS handoff,
    label = 'positive' AND position(intents, '"name":"thanks"') > 0
        AND length(splitByString('"name":', intents)) + 1
            = length(splitByString('"name":"thanks"', intents)) + length(splitByString('"name":"praise"', intents))
        AS thanks,
    channel, touchpoint, segment, brand, source
FROM events
