"""An HTTP protocol that bounds the number and duration of incomplete requests.

uvicorn waits for the rest of a request without limit, so that anybody could exhaust the file
descriptors of this process by sending slowly (slowloris).
"""

import asyncio
import resource
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

WHOLE_WITHIN = 10.0
"""Seconds from the first byte of a request, or the connection, to its last byte, of a small one."""
SLOWEST = 65_536
"""Bytes of a body that count as a second more, so that an upload may take as long as it needs."""
SHARE = 4
"""One in so many of the files that may be open may be an incomplete request."""


def most_incomplete() -> int:
    """Return how many requests may be incomplete at once; one more, and the oldest is dropped.

    A burst opens hundreds of connections before the first of them is read.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (_WITHOUT_LIMIT if soft == resource.RLIM_INFINITY else soft) // SHARE


_WITHOUT_LIMIT = 65_536


class WholeRequests(H11Protocol):
    """Closes connections whose request is not complete in time."""

    _half_sent: ClassVar[dict["WholeRequests", asyncio.TimerHandle]] = {}

    _began = 0.0
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Parse received data, and start or stop the timer."""
        self._received += len(data)
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Restart the timer if a further request has begun to arrive."""
        super().on_response_complete()
        if self.conn.trailing_data[0] or self.conn.their_state is not h11.IDLE:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._rest()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._wait()
        else:
            self._rest()

    def _wait(self) -> None:
        if self in self._half_sent or self.transport.is_closing():
            return
        if len(self._half_sent) >= most_incomplete():
            next(iter(self._half_sent)).transport.abort()
        self._began, self._received = self.loop.time(), 0
        self._half_sent[self] = self.loop.call_later(WHOLE_WITHIN, self._late)

    def _late(self) -> None:
        left = WHOLE_WITHIN + self._received / SLOWEST - (self.loop.time() - self._began)
        if left > 0:
            self._half_sent[self] = self.loop.call_later(left, self._late)
        else:
            self.transport.abort()

    def _rest(self) -> None:
        if timer := self._half_sent.pop(self, None):
            timer.cancel()
