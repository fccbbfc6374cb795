(type = 'ticket.resolved' AND
        (
            arrayExists(raw -> NOT has(['', 'null', '""', 'false', '"false"', '0', '0.0'], raw), [{merge.marks}])
            OR arrayExists(said -> match(said, '^({merge.words})$'), [{merge.reasons}])
        ))
