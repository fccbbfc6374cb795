transform({folded.channel}, {channel_names}, {channel_titles}, trimBoth(channel))
