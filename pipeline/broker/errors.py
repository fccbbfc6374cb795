"""What can go wrong with Kafka, as sentences for people."""


class BrokerError(Exception):
    """The local broker cannot be installed, started or stopped; the message says what to do."""


class BrokerUnavailable(Exception):  # noqa: N818 - a state of Kafka, not a mistake
    """Kafka does not answer or did not confirm what was asked; nothing is known to be lost."""
