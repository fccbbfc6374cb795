"""Each customer's own habit: how much is usual, and which change of it is more than chance."""
