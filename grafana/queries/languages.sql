SELECT DISTINCT if(language != '', language, read_language) AS choice
FROM events FINAL
WHERE {window} AND {is_valid} AND choice != ''
ORDER BY choice
LIMIT 50
