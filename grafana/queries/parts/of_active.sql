-- Events by which a customer is active: what a system notes of them is no experience.
{of_events} AND type NOT IN ({types.bookkeeping})
