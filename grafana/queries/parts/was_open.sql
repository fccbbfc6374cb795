-- Alerts that were open at the end of the range.
state != 'withdrawn' AND opened_us < {now_us} AND (closed_us = 0 OR closed_us >= {now_us})
