"""What every channel can do, and how it says that it cannot."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable
from urllib.parse import SplitResult

import httpx

from pipeline.config.groups import NotifySettings
from pipeline.notify.messages import Notification

PARALLEL = 4
"""Messages that one channel is given at the same time."""
LATER, SERVER_ERROR = (408, 425, 429), 500
NOT_LIKE_THIS = (400, 413, 422)
"""HTTP: the request is wrong or too large, not who sends it, nor where to."""


class ChannelAway(Exception):  # noqa: N818 - a state of the world
    """The channel does not answer, or asks to wait: to be tried again."""


class ChannelRefused(Exception):  # noqa: N818 - a state of the world
    """The channel answers that it will not take this: to try again soon would not help."""


class MessageRefused(ChannelRefused):
    """The channel takes no message like this one, whenever it is sent."""


class ChannelError(Exception):
    """The address of a channel is wrong; the message names the channel, not its secrets."""


class Channel(Protocol):
    """Brings messages to people."""

    digests: bool
    """Whether what was held back can come as one message; else each comes on its own."""

    async def send(self, message: Notification) -> None:
        """Return once the channel has taken the message. Raises ChannelAway, ChannelRefused."""

    async def probe(self) -> str:
        """Say in words that it answers, without a message. Raises ChannelAway, ChannelRefused."""

    async def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class KeptAlive(Protocol):
    """A channel in which an alert ends by itself unless it is told again that it is open."""

    async def keep_alive(self, messages: Sequence[Notification], now: datetime) -> None:
        """Tell of all that is open. Raises ChannelAway, ChannelRefused."""


class Address(NamedTuple):
    """The address of a channel that was given a name."""

    name: str
    url: str
    parts: SplitResult


class ChannelKind(NamedTuple):
    """How a kind of channel is addressed, opened and shown in the documentation.

    `schemes` are those of its addresses, each with what it adds; `example` is an address. `resent`
    says what becomes of a message that is sent twice. `open` raises ValueError for an address that
    does not look like the example, or ChannelError where it can say more.
    """

    schemes: Mapping[str, str]
    example: str
    meaning: str
    resent: str
    open: Callable[[Address, NotifySettings], Channel]


async def ask(client: httpx.AsyncClient, method: str, url: str, content: bytes = b"") -> str:
    """Return the answer's text. Raises ChannelAway, ChannelRefused; neither quotes the request."""
    headers = {"Content-Type": "application/json"} if content else {}
    try:
        answer = await client.request(method, url, content=content or None, headers=headers)
    except httpx.HTTPError as error:
        raise ChannelAway(f"{type(error).__name__}: {error}") from error
    if answer.is_success:
        return answer.text
    raise verdict(answer.status_code, f"HTTP {answer.status_code}: {answer.text[:200]}")


def verdict(status: int, why: str) -> ChannelAway | ChannelRefused:
    """Return what an HTTP status that is no success says of a channel and the message."""
    if status in LATER or status >= SERVER_ERROR:
        return ChannelAway(why)
    return MessageRefused(why) if status in NOT_LIKE_THIS else ChannelRefused(why)
