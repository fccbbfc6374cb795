"""The calendar: time zone, business hours and days off, of the house, its brands and its teams."""
