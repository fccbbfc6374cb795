transform(channel, {channel_names}, {channel_titles}, channel)
