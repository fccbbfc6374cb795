$__conditionalAll(has(arrayMap(name -> {folded.name}, [${brand:singlequote}]), {folded.brand}), $brand)
    AND $__conditionalAll(has(arrayMap(name -> {folded.name}, [${channel:singlequote}]), {folded.channel}), $channel)
    AND $__conditionalAll(has(arrayMap(name -> {folded.name}, [${touchpoint:singlequote}]), {folded.touchpoint}), $touchpoint)
    AND $__conditionalAll(has(arrayMap(name -> {folded.name}, [${segment:singlequote}]), {folded.segment}), $segment)
