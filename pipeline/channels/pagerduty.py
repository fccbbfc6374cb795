"""The channel to PagerDuty (Events API v2): one incident per case.

Its `dedup_key` is the id of the first alert of the case.

Apprise cannot acknowledge, and fixes the API's address.
"""

from collections.abc import Mapping
from typing import Literal

import httpx
import msgspec

from pipeline.channels.channel import Address, ChannelAway, ChannelKind, ask
from pipeline.common.plain_text import cut, one_line
from pipeline.config.groups import NotifySettings
from pipeline.model.alert import Severity, known_severity
from pipeline.notify.messages import Notification
from pipeline.notify.thread import Kind

Action = Literal["trigger", "acknowledge", "resolve"]
ACTIONS: Mapping[Kind, Action] = {
    "acknowledged": "acknowledge",
    "resolved": "resolve",
    "withdrawn": "resolve",
}
SEVERITIES: Mapping[Severity, str] = {
    "low": "info",
    "medium": "warning",
    "high": "error",
    "critical": "critical",
}
SUMMARY, SOURCE = 1_024, 255
"""Most characters of a summary, and of its source."""


class PagerDuty:
    """A service of PagerDuty, by its integration key; `url` is the address of the API."""

    digests = False

    def __init__(self, routing_key: str, url: str, timeout: float) -> None:
        self._routing_key = routing_key
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=timeout)

    async def send(self, message: Notification) -> None:
        """Trigger, acknowledge or resolve the incident of the case."""
        event = {"routing_key": self._routing_key, **event_of(message)}
        await ask(self._client, "POST", f"{self._url}/v2/enqueue", msgspec.json.encode(event))

    async def probe(self) -> str:
        """Check that the API answers; only an event would show whether the key is valid."""
        try:
            await self._client.head(self._url)
        except httpx.HTTPError as error:
            raise ChannelAway(f"{type(error).__name__}: {error}") from error
        return f"PagerDuty answers at {httpx.URL(self._url).host}; the key is not checked"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def event_of(message: Notification) -> dict[str, object]:
    """Convert a message to an event, without the routing key."""
    alert = message.alert
    action = ACTIONS.get(message.kind, "trigger")
    event: dict[str, object] = {
        "event_action": action,
        "dedup_key": alert.dedup_key if alert else message.id,
    }
    if action != "trigger" or alert is None:
        return event
    return event | {
        "client": "Nabız",
        "client_url": message.link,
        "links": [{"href": message.link, "text": "Nabız"}],
        "payload": {
            "summary": cut(message.title, SUMMARY),
            "source": one_line(alert.brand or "nabiz", SOURCE),
            "severity": SEVERITIES[known_severity(message.severity)],
            "timestamp": alert.opened_at.isoformat(),
            "class": alert.cause,
            "custom_details": {"text": message.body},
        },
    }


def _open(address: Address, settings: NotifySettings) -> PagerDuty:
    key = address.parts.netloc
    if not key or "@" in key:
        raise ValueError(address.url)
    return PagerDuty(key, settings.pagerduty, settings.timeout)


KIND = ChannelKind(
    schemes={"pagerduty": ""},
    example="pagerduty://INTEGRATION_KEY",
    meaning="PagerDuty, Events API v2: trigger, acknowledge, resolve",
    resent="is the same incident: `dedup_key` is the id of the case's first alert",
    open=_open,
)
