type = 'visit' AND {folded.channel} IN ({staffed_channels})
