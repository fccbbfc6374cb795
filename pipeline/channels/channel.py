"""What every channel can do, and how it says that it cannot."""

from typing import Protocol

import httpx

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
