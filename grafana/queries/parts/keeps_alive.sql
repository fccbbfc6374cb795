-- A line of a conversation that goes on with a contact, whoever writes it.
(type IN ({types.line}) AND author_type != 'system')
