"""The channels that are set: names with addresses that are secrets."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from pipeline.channels.alertmanager import Alertmanager
from pipeline.channels.by_apprise import Apprise
from pipeline.channels.channel import Channel, ChannelError
from pipeline.channels.mail import Mail, Mailbox, is_address
from pipeline.channels.pagerduty import PagerDuty
from pipeline.common.encodings import utf8
from pipeline.config.groups import NotifySettings

SMTP_PORT, SMTPS_PORT = 587, 465


def open_channels(settings: NotifySettings) -> dict[str, Channel]:
    """Return the channels by name. Raises ChannelError for a file or an address that is wrong."""
    return {name: open_channel(name, url, settings) for name, url in _addresses(settings).items()}


def open_channel(name: str, url: str, settings: NotifySettings) -> Channel:
    """Return the channel of an address. Raises ChannelError, which does not quote it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ChannelError(f"channel {name}: the address has a port that is no number") from None
    if parts.scheme in ("alertmanager", "alertmanagers"):
        if not parts.hostname:
            raise ChannelError(f"channel {name}: must look like alertmanager://host:9093")
        scheme = "https" if parts.scheme.endswith("s") else "http"
        return Alertmanager(f"{scheme}://{parts.netloc}{parts.path}", settings.timeout)
    if parts.scheme == "pagerduty":
        if not parts.netloc or "@" in parts.netloc:
            raise ChannelError(f"channel {name}: must look like pagerduty://INTEGRATION_KEY")
        return PagerDuty(parts.netloc, settings.pagerduty, settings.timeout)
    if parts.scheme in ("smtp", "smtps"):
        query = parse_qs(parts.query)
        recipients = tuple(one.strip() for one in ",".join(query.get("to", [])).split(",") if one)
        sender = query.get("from", [unquote(parts.username or "")])[0]
        if not (parts.hostname and recipients and all(map(is_address, (sender, *recipients)))):
            raise ChannelError(
                f"channel {name}: must look like "
                "smtp://user:password@host:587/?from=nabiz@example.com&to=a@example.com"
            )
        tls = parts.scheme == "smtps"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        default = SMTPS_PORT if tls else SMTP_PORT
        box = Mailbox(parts.hostname, port or default, user, password, sender, recipients, tls)
        return Mail(box, settings.timeout)
    return Apprise(name, url)


def _addresses(settings: NotifySettings) -> Mapping[str, str]:
    given = {name: url.get_secret_value() for name, url in settings.channels.items()}
    if not settings.channels_file:
        return given
    path = Path(settings.channels_file)
    try:
        return msgspec.json.decode(utf8(path.read_bytes()), type=dict[str, str]) | given
    except OSError as error:
        raise ChannelError(
            f"NABIZ_NOTIFY_CHANNELS_FILE: {path} cannot be read ({error.strerror})"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ChannelError(
            f"NABIZ_NOTIFY_CHANNELS_FILE: {path} must be a JSON object of channel names and "
            "addresses"
        ) from None
