"""`nabiz rescore` on the in-process store: what it says, and that it may be repeated."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.cli import rescore
from pipeline.cli.main import nabiz
from pipeline.model.event import AuthorType
from pipeline.store import Store
from pipeline.store.chdb import ChdbBackend
from tests.contract.stored import START, scored

TEXTS = {"e0": "rezalet, berbat bir hizmet", "e1": "harika, çok teşekkürler", "e2": "berbat"}
WINDOW = ("--from", START.isoformat(), "--to", (START + timedelta(hours=1)).isoformat())


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose store holds three texts, all read as neutral, one by an agent."""
    monkeypatch.setenv("NABIZ_DATA", str(tmp_path))
    monkeypatch.setattr(rescore, "BATCH", 2)
    backend = ChdbBackend(tmp_path / "store")
    store = Store(backend)
    store.migrate()
    authors = (AuthorType.CUSTOMER, AuthorType.CUSTOMER, AuthorType.AGENT)
    store.write_events(
        [
            scored(name, number, "neutral", text=text, author_type=authors[number])
            for number, (name, text) in enumerate(TEXTS.items())
        ]
    )
    backend.close()
    return tmp_path


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command; return what it printed."""
    with pytest.raises(SystemExit) as ended:
        nabiz(["rescore", "--engine", "fast", *arguments])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_a_shadow_compares_and_the_real_thing_restates(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shadow = json.loads(ask(capsys, *WINDOW, "--json", "--shadow"))
    assert (shadow["texts"], shadow["changed"], shadow["shadow"]) == (3, 3, True)
    assert (shadow["net_sentiment_before"], shadow["net_sentiment_after"]) == (0.0, 0.0)
    first = json.loads(ask(capsys, *WINDOW, "--json"))
    assert first["moves"] == shadow["moves"]
    assert {name: n for name, n in first["moves"].items() if n} == {
        "neutral→negative": 2,
        "neutral→positive": 1,
    }
    again = json.loads(ask(capsys, *WINDOW, "--json"))
    assert (again["texts"], again["changed"]) == (3, 0)
    assert (again["engine"], again["version"]) == (first["engine"], first["version"])


def test_a_window_without_texts_is_no_mistake(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC).isoformat()
    assert "0 texts restated" in ask(capsys, "--from", WINDOW[3], "--to", later)
