"""Where events come from: our own envelope, other formats, a simulated company."""
