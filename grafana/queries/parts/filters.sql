$__conditionalAll(brand IN (${brand:singlequote}), $brand)
    AND $__conditionalAll(channel IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(touchpoint IN (${touchpoint:singlequote}), $touchpoint)
    AND $__conditionalAll(segment IN (${segment:singlequote}), $segment)
