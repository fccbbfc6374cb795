"""The calendar: time zone, business hours and holidays, by default, by brand and by team."""
