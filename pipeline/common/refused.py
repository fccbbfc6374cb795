"""The error for a request that makes no sense."""


class Refused(Exception):  # noqa: N818 - a verdict on what was asked
    """A request makes no sense; the message says why, and what would be accepted."""
