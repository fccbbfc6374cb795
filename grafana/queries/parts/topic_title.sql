transform(topic, {topic_names}, {topic_titles}, topic)
