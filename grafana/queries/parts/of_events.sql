{window} AND {is_valid} AND {filters} AND {in_language}
