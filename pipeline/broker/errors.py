"""Errors of Kafka, with messages for users."""

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
    """A precondition is missing (installation, topic, setting); the message says what to do."""


class BrokerUnavailable(Exception):  # noqa: N818 - a state of Kafka, not a mistake
    """Kafka does not answer, answers unreadably, or did not confirm a message.

    Trying again may help.
    """


@contextmanager
def reaching(bootstrap: str) -> Iterator[None]:
    """Raise errors of the Kafka client in the block as `BrokerUnavailable`."""
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
    """Captures from the client's log why it could not connect; its exception does not say."""

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
