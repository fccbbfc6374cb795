-- A line by which the customer turns to the company.
(author_type = 'customer' AND type IN ({types.contact}) AND NOT ({only_thanks}))
