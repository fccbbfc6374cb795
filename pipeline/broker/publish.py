"""Publishes events to Kafka with confirmation."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Self

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from pipeline.broker.errors import BrokerUnavailable, reaching
from pipeline.broker.security import PLAINTEXT, Security
from pipeline.common.plurals import counted
from pipeline.contracts.topology import DEAD_LETTERS
from pipeline.ingest.decode import encode_event
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event

CONNECT_TIMEOUT_MS = 10_000
RECONNECT_MS = 1_000
DELIVERY_TIMEOUT_MS = 60_000
LINGER_MS = 20
BATCH_BYTES = 131_072


class Publisher:
    """Sends batches in order and exactly once per message (idempotent producer, acks=all).

    The key decides the partition as in every Kafka client (murmur2), so events of one customer
    stay in order whoever sends them. Leaving the `with` block flushes.
    """

    def __init__(self, bootstrap: str, security: Security = PLAINTEXT) -> None:
        """Connect. Raises `BrokerUnavailable` if the broker does not answer within 10 s."""
        self._bootstrap = bootstrap
        self._failures: list[Exception] = []
        self._unconfirmed: set[object] = set()
        with reaching(bootstrap):
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap,
                bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
                reconnect_backoff_max_ms=RECONNECT_MS,
                max_block_ms=CONNECT_TIMEOUT_MS,
                request_timeout_ms=DELIVERY_TIMEOUT_MS // 2,
                delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
                acks="all",
                enable_idempotence=True,
                compression_type="gzip",  # twice as fast as none: the client's checksum is slow
                linger_ms=LINGER_MS,
                batch_size=BATCH_BYTES,
                **security,
            )

    def publish(self, event: Event) -> None:
        """Send an event to the topic of its type, keyed by its customer."""
        self.send(event.type.topic, event.customer_id.encode(), encode_event(event))

    def refuse(self, letter: DeadLetter) -> None:
        """Send a dead letter, keyed by its id."""
        self.send(DEAD_LETTERS, letter.id.encode(), msgspec.json.encode(letter))

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Send raw bytes. Returns before they arrive; `flush` confirms them.

        Raises ValueError for a message over Kafka's size limit, `BrokerUnavailable` if the
        topic does not exist or nothing can be sent for 10 s.
        """
        with reaching(self._bootstrap):
            try:
                future = self._producer.send(topic, value=value, key=key, headers=list(headers))
            except MessageSizeTooLargeError:
                raise ValueError(
                    f"the message has {len(value or b'')} bytes, more than Kafka takes"
                ) from None
        self._unconfirmed.add(future)
        future.add_errback(self._failures.append)
        future.add_both(lambda _: self._unconfirmed.discard(future))

    def flush(self, within: float | None = None) -> None:
        """Wait until the broker has confirmed every message.

        `within`: seconds that this may take; by default as long as each message needs to arrive
        or to fail on its own.

        Raises `BrokerUnavailable` if something was not; it may or may not be in Kafka, and to
        send it again is safe because an event counts once. After a message that Kafka refuses
        the client sends nothing more: open another publisher.
        """
        late: list[Exception] = []
        try:
            self._producer.flush(timeout=within or 2 * DELIVERY_TIMEOUT_MS / 1000)
        except KafkaError as error:
            late.append(error)
        failures, self._failures = self._failures, []
        if reasons := [*failures, *late]:
            count = max(1, len(failures) + len(self._unconfirmed))
            raise BrokerUnavailable(
                f"Kafka at {self._bootstrap} did not confirm {counted(count, 'message')}; "
                f"the first reason: {reasons[0]}. "
                "Send them again when that is mended: nothing counts twice."
            )

    def close(self) -> None:
        """Close the connection; unflushed messages may be lost without an error."""
        with suppress(KafkaError):
            self._producer.close(timeout=0)
        self._producer._sender.force_close()  # the client leaves it running after such an error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()
