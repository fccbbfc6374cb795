"""Addresses of channels: which are right, and whether somebody answers there."""

from pathlib import Path

import pytest

from pipeline.channels.channel import ChannelAway, ChannelError, ChannelRefused
from pipeline.channels.open import open_channel, open_channels
from pipeline.cli.channels import check_channels
from pipeline.config.groups import NotifySettings
from pipeline.config.settings import Settings
from tests.support.listeners import alertmanager, alerts_at, smtp_recorder


@pytest.mark.parametrize(
    "url", ["alertmanager://127.0.0.1:1", "smtp://127.0.0.1:1/?from=a@x.org&to=b@x.org"]
)
async def test_a_probe_says_where_nobody_answers(url: str) -> None:
    with pytest.raises((ChannelAway, ChannelRefused)):
        await open_channel("c", url, NotifySettings(timeout=1)).probe()


async def test_a_probe_sends_nothing(tmp_path: Path) -> None:
    with alertmanager(tmp_path) as address, smtp_recorder() as mails:
        for url in (f"alertmanager://{address}", f"smtp://{mails.url}/?from=a@x.org&to=b@x.org"):
            assert (
                address.rpartition(":")[0] in await open_channel("c", url, NotifySettings()).probe()
            )
        assert mails.came == []
        assert alerts_at(address) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("alertmanager:", "alertmanager://host:9093"),
        ("pagerduty://", "pagerduty://INTEGRATION_KEY"),
        ("smtp://host/?from=s3cret", "smtp://user:password@host:587"),
        ("nosuch://s3cret", "Apprise does not support"),
        ("smtp://host:s3cret", "not a number"),
    ],
)
def test_a_wrong_address_is_told_without_its_secret(url: str, words: str) -> None:
    with pytest.raises(ChannelError, match="channel duty: ") as told:
        open_channel("duty", url, NotifySettings())
    assert words in str(told.value)
    assert "s3cret" not in str(told.value)


def test_channels_come_from_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "channels.json"
    path.write_text('{"duty": "pagerduty://key"}')
    assert [*open_channels(NotifySettings(channels_file=str(path)))] == ["duty"]
    path.write_text("[]")
    with pytest.raises(ChannelError, match=r"channels\.json must be a JSON object"):
        open_channels(NotifySettings(channels_file=str(path)))


def test_the_doctor_asks_each_channel(tmp_path: Path) -> None:
    with alertmanager(tmp_path) as address:
        here = {"alertmanager": f"alertmanager://{address}", "chat": "alertmanager://127.0.0.1:1"}
        found = list(check_channels(Settings.model_validate({"notify": {"channels": here}})))
    assert [(one.check, one.state) for one in found] == [
        ("routes", "ok"),
        ("channel alertmanager", "ok"),
        ("channel chat", "problem"),
    ]
