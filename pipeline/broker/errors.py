"""What can go wrong with Kafka, as sentences for people."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError


class BrokerError(Exception):
    """Something has to be done first: installed, created or set right; the message says what."""


class BrokerUnavailable(Exception):  # noqa: N818 - a state of Kafka, not a mistake
    """Kafka does not answer, or did not confirm what was sent. Trying again may help."""


@contextmanager
def reaching(bootstrap: str) -> Iterator[None]:
    """Turn an error of the Kafka client in the block into `BrokerUnavailable`."""
    try:
        yield
    except KafkaError as error:
        raise BrokerUnavailable(
            f"Kafka at {bootstrap} does not answer as it should ({error}). "
            "Is it running there (NABIZ_KAFKA_BOOTSTRAP)?"
        ) from error
