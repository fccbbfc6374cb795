CREATE MATERIALIZED VIEW events_to_timelines TO timelines AS
SELECT customer_id, minute, event_id, revision, is_deleted, occurred_us,
    if((type = 'ticket.resolved' AND
            (
                visitParamExtractRaw(attributes, 'merged_into') NOT IN ('', 'null', '""', 'false')
                OR visitParamExtractRaw(attributes, 'duplicate_of') NOT IN ('', 'null', '""', 'false')
                OR arrayExists(word -> has(['merged', 'merge', 'closed_by_merge', 'duplicate', 'duplicated', 'birleştirildi', 'birlestirildi', 'mükerrer', 'mukerrer', 'tekrar eden'], word),
                    arrayMap(said -> lowerUTF8(said), [visitParamExtractString(attributes, 'resolution'), visitParamExtractString(attributes, 'close_reason'),
                        visitParamExtractString(attributes, 'reason'), visitParamExtractString(attributes, 'status'), visitParamExtractString(attributes, 'state')]))
            )), 'ticket.merged', type) AS type, ticket_id, author_type,
    visitParamExtractBool(attributes, 'internal') AS internal,
    visitParamExtractBool(attributes, 'handoff') AS handoff,
    label = 'positive' AND position(intents, '"name":"thanks"') > 0
        AND length(splitByString('"name":', intents)) + 1
            = length(splitByString('"name":"thanks"', intents)) + length(splitByString('"name":"praise"', intents))
        AS thanks,
    channel, touchpoint, segment, brand, source
FROM events
