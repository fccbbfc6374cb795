"""What was asked for and makes no sense, refused in words."""


class Refused(Exception):  # noqa: N818 - a verdict on what was asked
    """What was asked makes no sense; the message says why and what would."""
