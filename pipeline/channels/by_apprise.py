"""The channel to services of Apprise: chat, Telegram, SMS, webhooks, e-mail services."""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor

import apprise
from apprise import NotifyFormat, OverflowMode
from apprise.plugins import NotifyBase
from apprise.result import AppriseResult

from pipeline.channels.channel import (
    PARALLEL,
    ChannelAway,
    ChannelError,
    ChannelKind,
    ChannelRefused,
    verdict,
)
from pipeline.channels.markup import in_markdown, markup_of
from pipeline.common.plain_text import cut
from pipeline.notify.messages import Notification

_TYPES = {
    "resolved": apprise.NotifyType.SUCCESS,
    "withdrawn": apprise.NotifyType.INFO,
    "acknowledged": apprise.NotifyType.INFO,
}
_STATUS = re.compile(r"\berror=([45]\d\d)\b")
"""The HTTP status of a refusal in the log of an Apprise plugin."""
SHORT = 300
"""Services with a shorter limit of characters are SMS or pagers."""
SMS = 160
"""Characters per message to them: three SMS parts with Turkish letters (67 each)."""
SHORTEST_TITLE = 40
"""Characters of the headline to keep, however long the link is."""


class Apprise:
    """The services of an Apprise URL; messages too long for a service are split.

    SMS and pagers receive only headline and link.
    """

    digests = True

    def __init__(self, name: str, url: str) -> None:
        """Raises ChannelError if Apprise does not support the URL."""
        log = logging.getLogger("apprise")  # it quotes messages and addresses
        log.propagate, log.handlers = False, [logging.NullHandler()]
        self._threads = ThreadPoolExecutor(PARALLEL, f"channel-{name}")
        known = apprise.Apprise()
        if not known.add(url):
            raise ChannelError(
                f"channel {name}: Apprise does not support an address like this "
                "(https://github.com/caronc/apprise/wiki lists them)"
            )
        self._services = [_Service(service) for service in known]

    async def send(self, message: Notification) -> None:
        """Send a message in a thread."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._send, message)

    def _send(self, message: Notification) -> None:
        for service in self._services:
            service.send(message)

    async def probe(self) -> str:
        """Return that nothing was checked: Apprise cannot query a service without a message."""
        return "Apprise supports the address; only a message shows whether the service answers"

    async def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False)


class _Service:
    """A service of Apprise, which receives messages as plain text."""

    def __init__(self, service: NotifyBase) -> None:
        if service.overflow_mode == OverflowMode.UPSTREAM:
            service.overflow_mode = OverflowMode.SPLIT
        self._longest_title = service.title_maxlen
        self._markup = markup_of(service.schemas())  # type: ignore[no-untyped-call]
        self._short = self._markup.sms or service.body_maxlen <= SHORT
        self._room = min(SMS, service.body_maxlen)
        wanted = service.resolve_format(NotifyFormat.TEXT)
        # Apprise would escape Markdown itself, but would break our links.
        self._escaped = self._markup.escaped or wanted is NotifyFormat.MARKDOWN
        self._format = wanted if wanted is NotifyFormat.MARKDOWN else NotifyFormat.TEXT
        self._apprise = apprise.Apprise()
        self._apprise.add(service)

    def send(self, message: Notification) -> None:
        """Send a message, and return when it is sent. Raises ChannelAway, ChannelRefused."""
        result = self._apprise.notify(
            title=self._title(message),
            body=message.link if self._short else self._shown(message.body, message.link),
            notify_type=_TYPES.get(message.kind, apprise.NotifyType.WARNING),
            body_format=self._format,
        )
        if not result:
            raise _why(result)

    def _title(self, message: Notification) -> str:
        """Return the plain title, cut to the service's limit; "" if it has to go into the text."""
        if self._longest_title > 0:
            return cut(self._markup.plain(message.title), self._longest_title)
        if self._short:
            room = self._room - len(f"\r\n{message.link}")
            return cut(self._markup.plain(message.title), max(room, SHORTEST_TITLE))
        return self._shown(message.title, message.link)

    def _shown(self, text: str, link: str) -> str:
        text = self._markup.plain(text)
        return in_markdown(text, link) if self._escaped else text


def _why(result: AppriseResult) -> ChannelAway | ChannelRefused:
    """Return the error for a failure; Apprise gives the reason only in its log."""
    statuses = [_STATUS.search(entry.message) for entry in result.logs()]
    if status := next((int(match[1]) for match in statuses if match), 0):
        return verdict(status, f"HTTP {status}")
    return ChannelAway("Apprise could not send it")


KIND = ChannelKind(
    schemes={},
    example="https://github.com/caronc/apprise/wiki",
    meaning="an [Apprise](https://github.com/caronc/apprise/wiki) address: Slack, Teams, Telegram, "
    "SMS, webhooks; a message too long for the service is split; SMS and pagers receive only "
    "headline and link, in at most three SMS parts",
    resent="is shown twice",
    open=lambda address, _: Apprise(address.name, address.url),
)
