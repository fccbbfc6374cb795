"""`nabiz risk` on the in-process store: what it says, what it writes, and what it refuses."""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.cli import risk
from pipeline.cli.errors import UsageError
from pipeline.cli.main import nabiz
from pipeline.model.risk_model import RiskModel, load_risk_model
from pipeline.store import Store
from pipeline.store.chdb import ChdbBackend
from tests.contract.stored import START, scored
from tests.support.alerts import made_up
from tests.support.leaving_customers import histories

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


def summary(model: RiskModel, file: Path) -> str:
    """What the command says of a model."""
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(risk.fitted(model, file))
    return console.export_text()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, which must answer no; return why."""
    with pytest.raises(SystemExit) as ended:
        nabiz(["risk", *arguments])
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_a_model_is_fitted_to_what_is_stored(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write_events([*chain.from_iterable(histories(7, customers=300, months=8))])
    store.close()
    file = tmp_path / "risk.yaml"
    told = json.loads(ask(capsys, "fit", str(file), "--json"))
    model = load_risk_model(file)
    assert told["weights"] == model.weights
    assert min(model.weights.values()) > 0
    assert model.check.calibration_error <= 0.05
    assert (model.horizon_days, model.half_life_days) == (30, 7.0)
    told_in_words = summary(model, file)
    assert f"NABIZ_DETECT_RISK_MODEL={file}" in told_in_words
    assert all(name in told_in_words for name in model.weights)


def test_too_little_history_is_told_and_nothing_is_written(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "risk.yaml"
    store.close()
    assert "too little history: in 0 of 0 customer-months" in refused(capsys, "fit", str(file))
    store = Store(ChdbBackend(tmp_path / "store"))
    store.write_events([*chain.from_iterable(histories(7, customers=20, months=4))])
    store.close()
    assert "at least 50 are needed" in refused(capsys, "fit", str(file))
    assert not file.exists()


def test_without_the_library_of_the_fit_it_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(name: str) -> object:
        raise ModuleNotFoundError(name="sklearn")

    monkeypatch.setattr(risk, "import_module", lacking)
    with pytest.raises(UsageError, match=r"needs sklearn, .*pip install 'nabiz\[risk\]'"):
        risk.fit(Path("risk.yaml"))


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
