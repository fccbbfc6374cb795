-- A customer asks a person for help.
(author_type = 'customer' AND type IN ('message', 'call', 'complaint'))
