CREATE MATERIALIZED VIEW events_to_timelines TO timelines AS
SELECT customer_id, minute, event_id, revision, is_deleted, occurred_us,
    if((type = 'ticket.resolved' AND
            (
                arrayExists(raw -> NOT has(['', 'null', '""', 'false', '"false"', '0'], raw),
                    [visitParamExtractRaw(attributes, 'merged_into'), visitParamExtractRaw(attributes, 'merged_to'), visitParamExtractRaw(attributes, 'merged'),
                    visitParamExtractRaw(attributes, 'duplicate_of'), visitParamExtractRaw(attributes, 'duplicate'), visitParamExtractRaw(attributes, 'is_duplicate')])
                OR arrayExists(said -> match(replaceAll(lowerUTF8(replaceAll(said, 'İ', 'i')), 'ı', 'i'),
                        '^ *(closed|kapatildi)?[ _:,-]*(as|by)?[ _-]*(merge|merged|duplicate|duplicated|birle(s|ş)tirildi|m(u|ü)kerrer|tekrar eden)([ _-]+(ticket|request|case|issue|into|of|with|kayit|talep).*)? *$'),
                    [visitParamExtractString(attributes, 'resolution'), visitParamExtractString(attributes, 'resolution_code'), visitParamExtractString(attributes, 'close_reason'),
                    visitParamExtractString(attributes, 'closed_reason'), visitParamExtractString(attributes, 'reason'), visitParamExtractString(attributes, 'status'), visitParamExtractString(attributes, 'state')])
            )), 'ticket.merged', type) AS type, ticket_id, author_type,
    visitParamExtractBool(attributes, 'internal') AS internal,
    visitParamExtractBool(attributes, 'handoff') AS handoff,
    label = 'positive' AND position(intents, '"name":"thanks"') > 0
        AND length(splitByString('"name":', intents)) + 1
            = length(splitByString('"name":"thanks"', intents)) + length(splitByString('"name":"praise"', intents))
        AS thanks,
    channel, touchpoint, segment, brand, source
FROM events
