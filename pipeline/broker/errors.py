"""What can go wrong with Kafka, as sentences for people."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import (
    CorruptRecordError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnsupportedCodecError,
)


class BrokerError(Exception):
    """Something has to be done first: installed, created or set right; the message says what."""


class BrokerUnavailable(Exception):  # noqa: N818 - a state of Kafka, not a mistake
    """Kafka does not answer, or not as can be read, or did not confirm what was sent.

    Trying again may help.
    """


@contextmanager
def reaching(bootstrap: str) -> Iterator[None]:
    """Turn an error of the Kafka client in the block into `BrokerUnavailable`."""
    with _attempts() as failures:
        try:
            yield
        except (CorruptRecordError, UnsupportedCodecError) as error:
            raise BrokerUnavailable(
                f"Kafka at {bootstrap} answers with messages that cannot be decoded ({error}): "
                "`make setup`, or another installation of the locked packages, brings what is "
                "missing; nabiz doctor names it."
            ) from error
        except KafkaError as error:
            reason = failures.telling or error
            raise BrokerUnavailable(
                f"Kafka at {bootstrap} does not answer as it should ({reason}). {_advice(reason)}"
            ) from error


def _advice(reason: KafkaError) -> str:
    # The client passes over an answer that comes together with the end of the connection, as the
    # refusal of a password does.
    if "socket disconnected" in str(reason):
        return (
            "It closes the connection: it may refuse the user or the password "
            "(NABIZ_KAFKA_SASL_USERNAME), or have another security than is set "
            "(NABIZ_KAFKA_SECURITY_PROTOCOL)."
        )
    return (
        "Is it running there (NABIZ_KAFKA_BOOTSTRAP), and with the security that is set "
        "(NABIZ_KAFKA_SECURITY_PROTOCOL)?"
    )


class _Failures(logging.Handler):
    """Keeps why the client could not connect: it logs that, and raises only that time is up."""

    telling: KafkaError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        for reason in record.args or ():
            if not isinstance(reason, KafkaError) or isinstance(reason, KafkaTimeoutError):
                continue
            # A broker that refuses a password may also just close the connection at times.
            if not isinstance(self.telling, SaslAuthenticationFailedError):
                self.telling = reason


@contextmanager
def _attempts() -> Iterator[_Failures]:
    connections = logging.getLogger("kafka.net.manager")
    failures, level = _Failures(), connections.level
    connections.addHandler(failures)
    connections.setLevel(logging.WARNING)
    try:
        yield failures
    finally:
        connections.removeHandler(failures)
        connections.setLevel(level)
