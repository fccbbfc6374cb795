"""The kinds of channels, and the channels that are set: names with addresses that are secrets."""

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
"""What any other address is for."""


def open_channels(settings: NotifySettings) -> dict[str, Channel]:
    """Return the channels by name. Raises ChannelError for a file or an address that is wrong."""
    return {name: open_channel(name, url, settings) for name, url in _addresses(settings).items()}


def open_channel(name: str, url: str, settings: NotifySettings) -> Channel:
    """Return the channel of an address. Raises ChannelError, which does not quote it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ChannelError(f"channel {name}: the address has a port that is no number") from None
    kind = next((kind for kind in KINDS if parts.scheme in kind.schemes), OTHER)
    try:
        return kind.open(Address(name, url, parts), settings)
    except ValueError:
        raise ChannelError(f"channel {name}: must look like {kind.example}") from None


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
