-- Of value, low, high and n: the number, or nothing where n is small; what stands under it; its colour.
-- Green or red only where the whole interval is on that side of the target; few values have no interval, and nobody
-- knows where one of waits ends most of which still run.
if(n < ${enough}, NULL, {shown}) AS value_shown,
    if(n < ${enough}, concat('n ', toString(n), ' < ${enough}'), concat(
        multiIf(low IS NULL, '',
            high IS NULL, concat('> ', toString(round(assumeNotNull(low), {digits})), ' · '),
            concat(toString(round(assumeNotNull(low), {digits})), ' – ', toString(round(assumeNotNull(high), {digits})), ' · ')),
        'n ', toString(n), {people}, ' · {word.target} {target}')) AS note,
    multiIf(n < ${enough} OR low IS NULL, 'text',
        if({sign} = 1, low >= {target}, high <= {target}), 'green',
        if({sign} = 1, high < {target}, low > {target}), 'red', 'orange') AS colour
