"""Registers the kinds of channels, and opens the configured ones; their addresses are secrets."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pipeline.channels import alertmanager, by_apprise, mail, pagerduty
from pipeline.channels.channel import Address, Channel, ChannelError, ChannelKind
from pipeline.common.encodings import utf8
from pipeline.config.groups import NotifySettings

KINDS: Sequence[ChannelKind] = (alertmanager.KIND, pagerduty.KIND, mail.KIND)
OTHER = by_apprise.KIND
"""The kind of channel for all other addresses."""


def open_channels(settings: NotifySettings) -> dict[str, Channel]:
    """Open the channels, by name. Raises ChannelError for an invalid file or address."""
    return {name: open_channel(name, url, settings) for name, url in _addresses(settings).items()}


def open_channel(name: str, url: str, settings: NotifySettings) -> Channel:
    """Open the channel of an address. Raises ChannelError, which does not quote the address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ChannelError(f"channel {name}: the port of the address is not a number") from None
    kind = next((kind for kind in KINDS if parts.scheme in kind.schemes), OTHER)
    try:
        return kind.open(Address(name, url, parts), settings)
    except ValueError:
        raise ChannelError(f"channel {name}: must look like {kind.example}") from None


def _addresses(settings: NotifySettings) -> Mapping[str, str]:
    channels = {name: url.get_secret_value() for name, url in settings.channels.items()}
    if not settings.channels_file:
        return channels
    path = Path(settings.channels_file)
    try:
        return msgspec.json.decode(utf8(path.read_bytes()), type=dict[str, str]) | channels
    except OSError as error:
        raise ChannelError(
            f"NABIZ_NOTIFY_CHANNELS_FILE: {path} cannot be read ({error.strerror})"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ChannelError(
            f"NABIZ_NOTIFY_CHANNELS_FILE: {path} must be a JSON object of channel names and "
            "addresses"
        ) from None
