-- Contacts in the range, as pipeline.model.contact has them, of lines in it. A contact is where and when the customer
-- first asks in it.
(
    SELECT customer_id, contact.2 AS channel, contact.8 AS touchpoint, contact.9 AS minute
    FROM
    (
        WITH {is_contact} AS asks
        SELECT customer_id, arraySort(groupArray({contact_line})) AS lines
        FROM events FINAL
        PREWHERE type IN ({types.contact}, {types.line}, {types.resolves}) OR {may_replace}
        WHERE {of_events} AND (asks OR {is_resolution} OR {keeps_alive})
        GROUP BY customer_id
    )
    ARRAY JOIN {contacts_of_lines} AS contact
)
