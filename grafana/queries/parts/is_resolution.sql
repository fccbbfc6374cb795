-- The matter of a ticket is solved; one that was closed as merged goes on.
(type IN ({types.resolves}) AND NOT {closed_as_merged})
