"""`nabiz risk` on the in-process store: what it says, what it writes, and what it refuses."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli.main import nabiz
from pipeline.store import Store
from pipeline.store.chdb import ChdbBackend
from tests.contract.stored import START, scored
from tests.support.alerts import made_up

DAY = 86_400
WINDOW = ("--from", START.isoformat(), "--to", (START + timedelta(days=60)).isoformat())


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The empty store of the settings."""
    monkeypatch.setenv("NABIZ_DATA", str(tmp_path))
    store = Store(ChdbBackend(tmp_path / "store"))
    store.migrate()
    yield store
    store.close()


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command; return what it printed."""
    with pytest.raises(SystemExit) as ended:
        nabiz(["risk", *arguments])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_who_left_without_a_warning_is_listed(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write_events(
        [
            scored("v", 5 * DAY, "negative", customer_id="silent", text="rezalet"),
            scored("s", 20 * DAY, type="account.closed", customer_id="silent"),
            scored("w", 20 * DAY, type="subscription.cancelled", customer_id="warned"),
        ]
    )
    opened = START + timedelta(days=8)
    store.write_alerts([made_up("a", opened, customer_id="warned")])
    store.close()
    report = json.loads(ask(capsys, "missed", *WINDOW, "--json"))
    assert (report["left"], report["warned"], report["share"]) == (2, 1, 50.0)
    assert report["ci_low"] < 50 < report["ci_high"]
    (missed,) = report["unwarned"]
    assert (missed["customer_id"], missed["warned_at"]) == ("silent", None)
    assert missed["signs"] == [
        {
            "at": (START + timedelta(days=5)).isoformat().replace("+00:00", "Z"),
            "type": "message",
            "channel": "app",
            "label": "negative",
        }
    ]
    told = ask(capsys, "missed", *WINDOW)
    assert "2 customers left; warned of 5 days before or more: 1, 50.0%" in told
    assert "silent" in told
    assert "rezalet" not in told


def test_a_window_in_which_nobody_left_is_no_mistake(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    assert "nobody left" in ask(capsys, "missed", *WINDOW)
