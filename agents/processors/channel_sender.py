"""Sends messages to one channel, a few at a time, with retries while it is down."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

import structlog
import tenacity

from pipeline.channels.channel import (
    PARALLEL,
    Channel,
    ChannelAway,
    ChannelRefused,
    MessageRefused,
)
from pipeline.common import metrics
from pipeline.notify.messages import Notification

log = structlog.get_logger(__name__)

Outcome = Literal["sent", "failed", "refused"]
"""`failed`: it may be taken later; `refused`: the channel takes no message like this one."""
OPEN_FOR = timedelta(seconds=30)
"""How long a breaker stays open."""


class Breaker:
    """A circuit breaker: opens for a while when a channel stays down; messages then fail at once.

    The next message after that closes it or opens it again.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._open_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages fail at once."""
        return self._open_until is not None and self._clock() < self._open_until

    def trip(self) -> None:
        """Open the breaker."""
        self._open_until = self._clock() + OPEN_FOR

    def reset(self) -> bool:
        """Close the breaker; return whether it had been tripped."""
        was_tripped, self._open_until = self._open_until is not None, None
        return was_tripped


class ChannelSender:
    """Sends messages to one channel until `stopping` is set."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        retry_seconds: float,
        clock: Callable[[], datetime],
        stopping: asyncio.Event,
    ) -> None:
        self._name = name
        self.channel = channel
        self._retry_seconds = retry_seconds
        self._stopping = stopping
        self._free = asyncio.Semaphore(PARALLEL)
        self._breaker = Breaker(clock)

    async def send(self, message: Notification) -> Outcome | None:
        """Send a message, with retries while the channel is down; return the outcome.

        None: the process stopped before there was one.
        """
        async with self._free:
            if self._breaker.is_open:
                self._count("failed")
                return "failed"
            try:
                async for attempt in self._retrying():
                    with attempt, metrics.NOTIFICATION_SECONDS.labels(self._name).time():
                        if self._stopping.is_set():
                            return None
                        await self.channel.send(message)
            except ChannelRefused as error:
                self._count("refused")
                log.error("channel refuses", channel=self._name, error=str(error))
                return "refused" if isinstance(error, MessageRefused) else "failed"
            except ChannelAway as error:
                if self._stopping.is_set():
                    return None
                self._count("failed")
                log.error("channel is down", channel=self._name, error=str(error))
                self._breaker.trip()
                return "failed"
            if self._breaker.reset():
                log.info("channel is back", channel=self._name)
            self._count("sent")
            return "sent"

    def _retrying(self) -> tenacity.AsyncRetrying:
        return tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(ChannelAway),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=10),
            stop=tenacity.stop_after_delay(self._retry_seconds),
            sleep=self._pause,
            before_sleep=lambda _: self._count("retried"),
            reraise=True,
        )

    async def _pause(self, seconds: float) -> None:
        """Wait, at most until the process is told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _count(self, result: str) -> None:
        metrics.NOTIFICATIONS.labels(self._name, result).inc()
