{of_events} AND author_type = 'customer' AND label != ''
