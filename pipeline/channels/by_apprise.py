"""All that Apprise reaches: chat, Telegram, SMS, webhooks, e-mail services."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import apprise

from pipeline.channels.channel import PARALLEL, ChannelAway, ChannelError
from pipeline.notify.messages import Message

_TYPES = {
    "resolved": apprise.NotifyType.SUCCESS,
    "withdrawn": apprise.NotifyType.INFO,
    "acknowledged": apprise.NotifyType.INFO,
}


class Apprise:
    """One Apprise URL. Apprise says that a message failed, but not why: all is tried again."""

    digests = True

    def __init__(self, name: str, url: str) -> None:
        """Raises ChannelError where Apprise does not know such a URL."""
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it quotes messages and addresses
        self._threads = ThreadPoolExecutor(PARALLEL, f"channel-{name}")
        self._apprise = apprise.Apprise()
        if not self._apprise.add(url):
            raise ChannelError(
                f"channel {name}: Apprise does not know an address like this "
                "(https://github.com/caronc/apprise/wiki lists them)"
            )

    async def send(self, message: Message) -> None:
        """Send it by Apprise, in a thread."""
        kind = _TYPES.get(message.kind, apprise.NotifyType.WARNING)
        notify = partial(
            self._apprise.notify, body=message.body, title=message.title, notify_type=kind
        )
        sent = await asyncio.get_running_loop().run_in_executor(self._threads, notify)
        if not sent:
            raise ChannelAway("Apprise could not send it")

    async def probe(self) -> str:
        """Say so: Apprise cannot ask a service anything without a message."""
        return "Apprise knows the address; whether it answers shows with the first message"

    async def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)
