is_deleted = 0
