"""Sources of events: our own envelope, other formats, and a simulated company."""
