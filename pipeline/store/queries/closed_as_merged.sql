(type = 'ticket.resolved' AND
        (
            simpleJSONExtractRaw(attributes, 'merged_into') NOT IN ('', 'null', '""', 'false')
            OR simpleJSONExtractRaw(attributes, 'duplicate_of') NOT IN ('', 'null', '""', 'false')
            OR arrayExists(word -> has(['merged', 'merge', 'closed_by_merge', 'duplicate', 'duplicated', 'birleştirildi', 'birlestirildi', 'mükerrer', 'mukerrer', 'tekrar eden'], word),
                arrayMap(said -> lowerUTF8(said), [simpleJSONExtractString(attributes, 'resolution'), simpleJSONExtractString(attributes, 'close_reason'),
                    simpleJSONExtractString(attributes, 'reason'), simpleJSONExtractString(attributes, 'status'), simpleJSONExtractString(attributes, 'state')]))
        ))
