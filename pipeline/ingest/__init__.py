"""From bytes to events that may be read: decoded, redacted, marked."""
