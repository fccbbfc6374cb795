"""The channel to Prometheus Alertmanager (API v2), which groups, inhibits, silences and repeats.

Alertmanager identifies an alert by its labels and ends it at its `endsAt`, so open alerts are sent
again periodically (`keep_alive`), as Prometheus does.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import httpx
import msgspec

from pipeline.channels.channel import Address, ChannelKind, ask
from pipeline.channels.markup import markup_of
from pipeline.common.plain_text import one_line
from pipeline.config.groups import NotifySettings
from pipeline.model.alert import Alert
from pipeline.notify.messages import Notification

KEPT_FOR = timedelta(minutes=5)
"""How long Alertmanager keeps an open alert that is not sent again."""
AT_ONCE = 500
"""Alerts in one request."""
_MARKUP = markup_of(["alertmanager"])


class Alertmanager:
    """An Alertmanager at `url` (https://host:9093/prefix)."""

    digests = False

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=timeout)

    async def send(self, message: Notification) -> None:
        """Post the current alert, and end it under its former labels."""
        await self._post(list(posts(message, message.at)))

    async def keep_alive(self, messages: Sequence[Notification], now: datetime) -> None:
        """Post open alerts again, so that they do not expire. Raises like `send`."""
        for start in range(0, len(messages), AT_ONCE):
            await self._post(
                [
                    post
                    for message in messages[start : start + AT_ONCE]
                    for post in posts(message, now)
                ]
            )

    async def probe(self) -> str:
        """Check that it is ready."""
        await ask(self._client, "GET", f"{self._url}/-/ready")
        return f"Alertmanager is ready at {httpx.URL(self._url).netloc.decode()}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, alerts: Iterable[object]) -> None:
        url = f"{self._url}/api/v2/alerts"
        await ask(self._client, "POST", url, msgspec.json.encode(list(alerts)))


def posts(message: Notification, now: datetime) -> Iterator[dict[str, object]]:
    """Yield the alerts to post for a message (`postableAlert` of the API)."""
    alert = message.alert
    if alert is None:
        return
    if message.told_as and message.told_as != message.severity:
        yield _post(message, alert, message.told_as, ends_at=now)
    ends_at = now if message.ended else now + KEPT_FOR
    yield _post(message, alert, message.severity, ends_at)


def _post(
    message: Notification, alert: Alert, severity: str, ends_at: datetime
) -> dict[str, object]:
    labels = {
        "alertname": alert.cause,
        "severity": severity,
        "alert_id": alert.id,
        "customer_id": alert.customer_id,
        "brand": alert.brand,
        "segment": alert.segment,
        "channel": alert.channel,
    }
    starts_at = min(alert.opened_at, ends_at)
    return {
        "labels": {name: _MARKUP.plain(one_line(value)) for name, value in labels.items() if value},
        "annotations": {"summary": message.title, "description": _MARKUP.plain(message.body)},
        "generatorURL": message.link,
        "startsAt": starts_at.isoformat(),
        "endsAt": ends_at.isoformat(),
    }


def _open(address: Address, settings: NotifySettings) -> Alertmanager:
    parts = address.parts
    if not parts.hostname:
        raise ValueError(address.url)
    scheme = "https" if parts.scheme.endswith("s") else "http"
    return Alertmanager(f"{scheme}://{parts.netloc}{parts.path}", settings.timeout)


KIND = ChannelKind(
    schemes={"alertmanager": "", "alertmanagers": "TLS"},
    example="alertmanager://host:9093/prefix",
    meaning="Prometheus Alertmanager, API v2",
    resent="is the same alert: same labels",
    open=_open,
)
