-- What a turn of the company promises: a JSON array as in the reading; '' if nothing.
ALTER TABLE events ADD COLUMN promises String
