transform(touchpoint, {touchpoint_names}, {touchpoint_titles}, touchpoint)
