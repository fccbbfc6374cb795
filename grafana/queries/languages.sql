SELECT DISTINCT if(language != '', language, read_language) AS choice
FROM events
WHERE {window} AND choice != ''
ORDER BY choice
LIMIT 50
