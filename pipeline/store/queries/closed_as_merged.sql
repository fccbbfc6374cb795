(type = 'ticket.resolved' AND
        (
            arrayExists(raw -> NOT has(['', 'null', '""', 'false', '"false"', '0'], raw),
                [simpleJSONExtractRaw(attributes, 'merged_into'), simpleJSONExtractRaw(attributes, 'merged_to'), simpleJSONExtractRaw(attributes, 'merged'),
                simpleJSONExtractRaw(attributes, 'duplicate_of'), simpleJSONExtractRaw(attributes, 'duplicate'), simpleJSONExtractRaw(attributes, 'is_duplicate')])
            OR arrayExists(said -> match(replaceAll(lowerUTF8(replaceAll(said, 'İ', 'i')), 'ı', 'i'),
                    '^ *(closed|kapatildi)?[ _:,-]*(as|by)?[ _-]*(merge|merged|duplicate|duplicated|birle(s|ş)tirildi|m(u|ü)kerrer|tekrar eden)([ _-]+(ticket|request|case|issue|into|of|with|kayit|talep).*)? *$'),
                [simpleJSONExtractString(attributes, 'resolution'), simpleJSONExtractString(attributes, 'resolution_code'), simpleJSONExtractString(attributes, 'close_reason'),
                simpleJSONExtractString(attributes, 'closed_reason'), simpleJSONExtractString(attributes, 'reason'), simpleJSONExtractString(attributes, 'status'), simpleJSONExtractString(attributes, 'state')])
        ))
