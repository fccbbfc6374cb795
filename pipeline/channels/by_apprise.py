"""All that Apprise reaches: chat, Telegram, SMS, webhooks, e-mail services."""

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
"""How the plugins of Apprise note the HTTP status of a refusal."""
SHORT = 300
"""Most characters of a message by SMS or pager, as Apprise knows the services."""
SMS = 160
"""Characters that such a message is given: three parts of an SMS with Turkish letters (67 each)."""
SHORTEST_TITLE = 40
"""Characters of the headline that stay, however long the link is."""


class Apprise:
    """One Apprise URL; what is too long for its service is split, but by SMS and to pagers.

    They are given the headline and the link alone.
    """

    digests = True

    def __init__(self, name: str, url: str) -> None:
        """Raises ChannelError where Apprise does not know such a URL."""
        log = logging.getLogger("apprise")  # it quotes messages and addresses
        log.propagate, log.handlers = False, [logging.NullHandler()]
        self._threads = ThreadPoolExecutor(PARALLEL, f"channel-{name}")
        known = apprise.Apprise()
        if not known.add(url):
            raise ChannelError(
                f"channel {name}: Apprise does not know an address like this "
                "(https://github.com/caronc/apprise/wiki lists them)"
            )
        self._services = [_Service(service) for service in known]

    async def send(self, message: Notification) -> None:
        """Send it by Apprise, in a thread."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._send, message)

    def _send(self, message: Notification) -> None:
        for service in self._services:
            service.send(message)

    async def probe(self) -> str:
        """Say so: Apprise cannot ask a service anything without a message."""
        return "Apprise knows the address; whether it answers shows with the first message"

    async def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)


class _Service:
    """One service of Apprise, which shows a message as plain text."""

    def __init__(self, service: NotifyBase) -> None:
        if service.overflow_mode == OverflowMode.UPSTREAM:
            service.overflow_mode = OverflowMode.SPLIT
        self._longest_title = service.title_maxlen
        self._markup = markup_of(service.schemas())  # type: ignore[no-untyped-call]
        self._short = self._markup.sms or service.body_maxlen <= SHORT
        self._room = min(SMS, service.body_maxlen)
        wanted = service.resolve_format(NotifyFormat.TEXT)
        # Apprise would escape Markdown itself, but our links as well, which then lead nowhere.
        self._escaped = self._markup.escaped or wanted is NotifyFormat.MARKDOWN
        self._format = wanted if wanted is NotifyFormat.MARKDOWN else NotifyFormat.TEXT
        self._apprise = apprise.Apprise()
        self._apprise.add(service)

    def send(self, message: Notification) -> None:
        """Return once it is sent. Raises ChannelAway, ChannelRefused."""
        result = self._apprise.notify(
            title=self._title(message),
            body=message.link if self._short else self._shown(message.body, message.link),
            notify_type=_TYPES.get(message.kind, apprise.NotifyType.WARNING),
            body_format=self._format,
        )
        if not result:
            raise _why(result)

    def _title(self, message: Notification) -> str:
        """Return the title: of few characters and plain, or in the text where there is no other."""
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
    """Return what a failure says of the channel; Apprise tells the reason in its log alone."""
    found = [_STATUS.search(entry.message) for entry in result.logs()]
    if status := next((int(match[1]) for match in found if match), 0):
        return verdict(status, f"HTTP {status}")
    return ChannelAway("Apprise could not send it")


KIND = ChannelKind(
    schemes={},
    example="https://github.com/caronc/apprise/wiki",
    meaning="an [Apprise](https://github.com/caronc/apprise/wiki) address: Slack, Teams, Telegram, "
    "SMS, web hooks; what is too long for the service comes in parts; an SMS or a pager is given "
    "headline and link alone, three parts of an SMS at most",
    resent="is shown twice",
    open=lambda address, _: Apprise(address.name, address.url),
)
