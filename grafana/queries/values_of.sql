-- The choices of a variable.
SELECT DISTINCT {dimension} AS choice FROM kpi_minutes WHERE {window} AND {dimension} != '' ORDER BY choice LIMIT 200
