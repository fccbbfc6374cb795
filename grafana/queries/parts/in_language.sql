-- The language that the source gives, else the one that was read.
$__conditionalAll(if(language != '', language, read_language) IN (${language:singlequote}), $language)
