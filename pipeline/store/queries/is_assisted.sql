(NOT ({only_thanks}) AND (type IN ({types.waits}) OR author_type = 'customer' AND type IN ({types.assisted}))
    OR {staffed_visit})
