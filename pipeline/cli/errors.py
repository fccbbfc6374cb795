"""Exit codes, and errors with advice for the user."""

EXIT_NO = 1
"""Negative answer: not drained in time, not ready, or not everything was read."""
EXIT_MISTAKE = 2
"""Usage error: an option, a setting or a file is wrong."""
EXIT_AWAY = 3
"""Unavailable: Kafka, the store or the API does not answer."""


class UsageError(Exception):
    """The user made a mistake; the message says how to correct it."""


class Unavailable(Exception):  # noqa: N818
    """A system does not answer."""
