"""The interface of channels, and their errors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable
from urllib.parse import SplitResult

import httpx

from pipeline.config.groups import NotifySettings
from pipeline.notify.messages import Notification

PARALLEL = 4
"""Concurrent messages per channel."""
LATER, SERVER_ERROR = (408, 425, 429), 500
NOT_LIKE_THIS = (400, 413, 422)
"""HTTP statuses that refuse the message itself, not its sender or address."""


class ChannelAway(Exception):  # noqa: N818 - a state of the world
    """The channel does not answer, or asks to wait; a retry may succeed."""


class ChannelRefused(Exception):  # noqa: N818 - a state of the world
    """The channel refuses; an early retry would not help."""


class MessageRefused(ChannelRefused):
    """The channel refuses this message, whenever it is sent."""


class ChannelError(Exception):
    """The address of a channel is invalid; the message names the channel without its secrets."""


class Channel(Protocol):
    """Delivers messages to people."""

    digests: bool
    """Whether held-back messages are sent as one digest instead of one by one."""

    async def send(self, message: Notification) -> None:
        """Send a message; return when the channel has accepted it.

        Raises ChannelAway, ChannelRefused.
        """

    async def probe(self) -> str:
        """Check that it answers, and say so, without sending a message.

        Raises ChannelAway, ChannelRefused.
        """

    async def close(self) -> None:
        """Close connections and stop threads."""


@runtime_checkable
class KeptAlive(Protocol):
    """A channel in which an alert expires unless it is sent again."""

    async def keep_alive(self, messages: Sequence[Notification], now: datetime) -> None:
        """Send all open alerts again. Raises ChannelAway, ChannelRefused."""


class Address(NamedTuple):
    """The address of a named channel."""

    name: str
    url: str
    parts: SplitResult


class ChannelKind(NamedTuple):
    """A kind of channel: its addresses, its documentation, and how to open it.

    `schemes` maps URL schemes to their meaning; `example` is an address. `resent` says what happens
    to a message that is sent twice. `open` raises ValueError for an address unlike the example, or
    ChannelError if it can say more.
    """

    schemes: Mapping[str, str]
    example: str
    meaning: str
    resent: str
    open: Callable[[Address, NotifySettings], Channel]


async def ask(client: httpx.AsyncClient, method: str, url: str, content: bytes = b"") -> str:
    """Send a request and return the response's text.

    Raises ChannelAway, ChannelRefused; neither quotes the request.
    """
    headers = {"Content-Type": "application/json"} if content else {}
    try:
        answer = await client.request(method, url, content=content or None, headers=headers)
    except httpx.HTTPError as error:
        raise ChannelAway(f"{type(error).__name__}: {error}") from error
    if answer.is_success:
        return answer.text
    raise verdict(answer.status_code, f"HTTP {answer.status_code}: {answer.text[:200]}")


def verdict(status: int, why: str) -> ChannelAway | ChannelRefused:
    """Return the error for an HTTP status other than success."""
    if status in LATER or status >= SERVER_ERROR:
        return ChannelAway(why)
    return MessageRefused(why) if status in NOT_LIKE_THIS else ChannelRefused(why)
