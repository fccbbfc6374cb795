transform({folded.touchpoint}, {touchpoint_names}, {touchpoint_titles}, trimBoth(touchpoint))
