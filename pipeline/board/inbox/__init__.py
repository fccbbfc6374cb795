"""The inbox: what is open, in memory, in order, and how browsers are told of changes."""
