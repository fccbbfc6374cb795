"""The command `nabiz`: its help, what it refuses, its exit codes, and its settings."""

import inspect
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from pipeline.broker import topics as broker_topics
from pipeline.cli import config, ops
from pipeline.cli.checkup import Finding
from pipeline.cli.exit_codes import EXIT_CODES, exit_code
from pipeline.cli.main import COMMANDS
from pipeline.cli.options import moment, span
from pipeline.cli.parts import Findings
from pipeline.contracts.topology import EXIT_HALT
from tests.support.command_runs import Nabiz, Ran

SUBCOMMANDS = [
    ["dead-letters", "retry"],
    ["topics", "apply"],
    ["store", "migrate"],
    ["store", "backup"],
    ["store", "restore"],
    *(["connectors", name] for name in ("list", "check", "add", "tail", "test")),
    ["connectors", "replay"],
    ["risk", "fit"],
    ["risk", "missed"],
    *(["users", name] for name in ("add", "remove", "passwd", "list")),
]


@pytest.mark.parametrize("command", [[], *([one.name] for one in COMMANDS), *SUBCOMMANDS])
def test_every_command_explains_itself(nabiz: Nabiz, command: list[str]) -> None:
    ran = nabiz(*command, "--help")
    assert ran.code == 0
    assert "Usage: nabiz" in ran.out
    assert not ran.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_the_summary_in_the_list_is_that_of_the_command(command: object) -> None:
    real = command.load()  # type: ignore[attr-defined]
    first_paragraph = inspect.cleandoc(real.help).split("\n\n")[0]
    assert " ".join(first_paragraph.split()) == command.help  # type: ignore[attr-defined]


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = {"chdb", "faust", "kafka", "numpy", "litestar", "clickhouse_driver", "transformers"}
    code = (
        "import sys; sys.argv[1:] = ['--help']; from pipeline.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print(sorted({heavy} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["scor"],
        ["kpis", "--colour"],
        ["kpis", "--window", "5 minutes"],
        ["kpis", "--from", "2026-01-01T00:00:00"],
        ["alerts", "--limit", "0"],
        ["worker", "dance"],
        ["replay", "missing.jsonl", "--source", "events"],
        ["dead-letters", "--reason", "ugly"],
        ["drain", "--timeout", "-1"],
    ],
)
def test_a_wrong_command_or_option_is_a_mistake(nabiz: Nabiz, arguments: list[str]) -> None:
    ran = nabiz(*arguments)
    assert ran.code == 2
    assert "Error" in ran.err
    assert "Traceback" not in ran.err


def test_a_misspelt_setting_is_a_mistake(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_API_PROT", "80")
    ran = nabiz("config")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean NABIZ_API_PORT?" in ran.err


def test_config_masks_secrets(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_STORE_URL", "clickhouse://u:hush@h/db")
    monkeypatch.setenv("NABIZ_API_TOKEN", "hush")
    ran = nabiz("config", "--json")
    values = json.loads(ran.out)
    assert values["NABIZ_KAFKA_BOOTSTRAP"] == "127.0.0.1:9092"
    assert "hush" not in ran.out
    assert "hush" not in nabiz("config").out


@pytest.mark.parametrize(
    "variable", ["NABIZ_CALENDAR_FILE", "NABIZ_BOARD_FILE", "NABIZ_FOLLOWUP_SLA", "NABIZ_DATA"]
)
def test_config_checks_the_files_that_settings_name(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch()
    monkeypatch.setenv(variable, str(wrong))
    ran = nabiz("config", "--check")
    assert ran.code == 2
    assert f"{wrong}" in ran.err.splitlines()[-1]


def test_config_check_says_how_each_part_is_and_warnings_are_no_mistake(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clocks() -> Findings:
        yield Finding("clock", "warning", "3 s behind", "let NTP set it")

    def store() -> Findings:
        yield Finding("store", "problem", "migrations pending", "nabiz store migrate")

    monkeypatch.setattr(config, "before_start", lambda _: {"clocks": clocks})
    assert nabiz("config", "--check").err == "clock: warning, 3 s behind\n"
    monkeypatch.setattr(config, "before_start", lambda _: {"clocks": clocks, "store": store})
    ran = nabiz("config", "--check")
    assert ran.code == 2
    assert ran.err.endswith("nabiz: store: migrations pending → nabiz store migrate\n")


def test_simulate_stops_after_the_count_and_repeats_itself(nabiz: Nabiz) -> None:
    def simulate(seed: str) -> Ran:
        span = ("--start", "2026-03-01T00:00:00Z", "--count", "5", "--customers", "50")
        return nabiz("simulate", "--seed", seed, *span)

    first, again, other = simulate("3"), simulate("3"), simulate("4")
    assert first.code == 0
    assert len(first.out.splitlines()) == 5
    assert first.out == again.out != other.out
    assert "2026-03-01T" in json.loads(first.out.splitlines()[0])["occurred_at"]


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_a_speed_is_above_zero(nabiz: Nabiz, tmp_path: Path, speed: str) -> None:
    (tmp_path / "a.jsonl").touch()
    ran = nabiz("replay", "a.jsonl", "--source", "events", "--speed", speed)
    assert ran.code == 2
    assert "a number above 0, or max" in ran.err


def test_topics_apply_shows_what_it_would_do(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    def apply_topics(bootstrap: str, *_: object, dry_run: bool, **__: object) -> list[object]:
        assert (bootstrap, dry_run) == ("127.0.0.1:9092", True)
        return [
            broker_topics.Change("cx.scored", "partitions", None, "12"),
            broker_topics.Change("cx.alerts", "retention.ms", "1", "2"),
        ]

    monkeypatch.setattr(ops, "apply_topics", apply_topics)
    assert nabiz("topics", "apply", "--dry-run").out.splitlines() == [
        "cx.scored: partitions = 12",
        "cx.alerts: retention.ms = 2 (was 1)",
    ]


@pytest.mark.parametrize("error", EXIT_CODES)
def test_errors_for_people_have_an_exit_code(error: type[Exception]) -> None:
    assert exit_code(error.__new__(error)) in (2, 3, EXIT_HALT)
    assert exit_code(KeyError()) is None


def test_times_need_their_offset() -> None:
    assert moment("2026-01-31T09:00:00+03:00") == datetime(2026, 1, 31, 6, tzinfo=UTC)
    with pytest.raises(typer.BadParameter, match="'noon'"):
        moment("noon")
    for text in ("2026-01-31", "2026-01-31T09:00"):
        with pytest.raises(typer.BadParameter, match=f"'{text}'") as refused:
            moment(text)
        suggested = str(refused.value).split("e.g. ")[1].split(" or ")
        assert [moment(one).tzinfo is not None for one in suggested] == [True, True]


def test_spans_need_their_unit() -> None:
    assert [span(text) for text in ("90s", "15m", "1h", "7d")] == [
        timedelta(seconds=90),
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(days=7),
    ]
    for text in ("", "5", "0m", "-1h", "1.5h", "1w", "99999999999d"):
        with pytest.raises(typer.BadParameter):
            span(text)
