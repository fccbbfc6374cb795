{window} AND is_deleted = 0 AND {filters} AND {in_language}
