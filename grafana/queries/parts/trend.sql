-- Of value, low, high and n: a gap where n is small; the unfinished interval stands apart.
if(n < ${enough} OR {is_unfinished}, NULL, value) AS value_shown,
    if(n < ${enough} OR {is_unfinished}, NULL, low) AS low_shown,
    if(n < ${enough} OR {is_unfinished}, NULL, high) AS high_shown,
    if(n >= ${enough} AND {is_unfinished}, value, NULL) AS unfinished
