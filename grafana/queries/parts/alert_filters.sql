-- An alert has no touchpoint and no language.
$__conditionalAll(brand IN (${brand:singlequote}), $brand)
    AND $__conditionalAll(channel IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(segment IN (${segment:singlequote}), $segment)
