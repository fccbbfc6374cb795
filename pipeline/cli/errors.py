"""Exit codes, and errors that a person can act on."""

EXIT_NO = 1
"""The answer is no: not drained in time, not ready, not all of it read."""
EXIT_MISTAKE = 2
"""An option, a setting or a file is wrong."""
EXIT_AWAY = 3
"""Kafka, the store or the API does not answer."""


class UsageError(Exception):
    """The user's to mend; the message says how."""


class Unavailable(Exception):  # noqa: N818
    """A system does not answer."""
