"""The receiver: takes what other systems send, and keeps it before it answers."""
