"""The command `nabiz`: its help, what it refuses, its exit codes, and where it looks."""

import inspect
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import typer

from pipeline.broker import topics as broker_topics
from pipeline.cli import config, ops, target
from pipeline.cli.checkup import Finding
from pipeline.cli.errors import Mistake
from pipeline.cli.exit_codes import EXIT_CODES, exit_code
from pipeline.cli.main import COMMANDS, main
from pipeline.cli.options import moment, span
from pipeline.cli.parts import Findings
from pipeline.cli.target import Addresses, claimed, find, running, write_addresses

KAFKA, API = "127.0.0.1:1234", "http://127.0.0.1:5678"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Nabiz = Callable[..., Ran]


@pytest.fixture
def nabiz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Nabiz:
    """Run the command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "")  # `main` sets it

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["nabiz", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfdbinary.readouterr()
        return Ran(int(end.value.code or 0), out.decode(), err.decode())

    return run


def answering(monkeypatch: pytest.MonkeyPatch, status: int, body: object) -> list[httpx.Request]:
    """Let the API answer so, and keep what it was asked."""
    asked: list[httpx.Request] = []

    def request(method: str, url: str, timeout: float, **kwargs: object) -> httpx.Response:
        asked.append(httpx.Request(method, url, **kwargs))  # type: ignore[arg-type]
        return httpx.Response(status, json=body)

    monkeypatch.setattr(httpx, "request", request)
    return asked


SUBCOMMANDS = [
    ["dead-letters", "retry"],
    ["topics", "apply"],
    ["store", "migrate"],
    ["store", "backup"],
    ["store", "restore"],
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


def test_what_asks_the_api_imports_neither_store_nor_broker() -> None:
    heavy = {"chdb", "faust", "kafka", "litestar", "clickhouse_driver"}
    code = f"import sys, pipeline.cli.ask; print(sorted({heavy} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


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


@pytest.mark.parametrize("command", ["kpis", "alerts", "status", "dead-letters"])
def test_an_api_that_is_away_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def refuse(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    monkeypatch.setattr(httpx, "request", refuse)
    ran = nabiz(command)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("nabiz: the API at http://127.0.0.1:8089 does not answer")
    assert "--data" in ran.err


def test_an_address_that_is_none_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NABIZ_API_URL", "http://[::1")
    ran = nabiz("status")
    assert ran.code == 3
    assert "NABIZ_API_URL" in ran.err


@pytest.mark.parametrize(("status", "code"), [(400, 2), (401, 2), (404, 2), (500, 3), (503, 3)])
def test_the_words_of_the_api_are_passed_on(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    answering(monkeypatch, status, {"detail": "by: there is no dimension 'nonsense'"})
    ran = nabiz("kpis", "--by", "nonsense")
    assert ran.code == code
    assert "there is no dimension 'nonsense'" in ran.err


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "text/html"), (200, ""), (302, "text/html"), (304, "application/json")],
)
def test_what_answers_and_is_not_nabiz_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, status: int, kind: str
) -> None:
    page = httpx.Response(status, headers={"Content-Type": kind}, content=b"<h1>It works!</h1>")
    monkeypatch.setattr(httpx, "request", lambda *_, **__: page)
    ran = nabiz("kpis")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "nabiz: what answers at http://127.0.0.1:8089 is not Nabız (NABIZ_API_URL)\n"
    )


@pytest.mark.parametrize("body", [b"<h1>No</h1>", b'["no"]', b"\xff\xfe\xfa", b""])
def test_a_refusal_without_words_of_the_api_is_told_by_its_status(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(httpx, "request", lambda *_, **__: httpx.Response(404, content=body))
    assert nabiz("kpis") == (2, "", "nabiz: status 404\n")


def test_what_is_asked_of_the_api(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_API_TOKEN", "secret")
    asked = answering(monkeypatch, 200, [])
    arguments = ["--from", "2026-03-01T00:00:00+03:00", "--window", "1d", "--by", "channel,brand"]
    ran = nabiz("kpis", *arguments, "--json")
    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert dict(asked[0].url.params.multi_items()) == {
        "from": "2026-03-01T00:00:00+03:00",
        "window_seconds": "86400",
        "by": "brand",
    }
    assert asked[0].url.params.get_list("by") == ["channel", "brand"]
    assert asked[0].headers["authorization"] == "Bearer secret"


def test_a_list_that_may_go_on_says_so(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = {"topic": "t", "partition": 0, "offset": 1, "reason": "not_json", "sentence": "s"}
    letter |= {"payload": "", "key": None, "received_at": "2026-03-01T00:00:00Z"}
    answering(monkeypatch, 200, [letter, letter])
    more = nabiz("dead-letters", "--limit", "2", "--json")
    assert (more.code, more.err) == (0, "the newest 2; there may be more: --limit\n")
    assert len(json.loads(more.out)) == 2
    assert nabiz("dead-letters", "--limit", "3").err == ""


def test_what_is_done_about_an_alert_is_asked_for_and_can_be_taken_back(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"action_id": "x1", "alert_id": "a1", "customer_id": "c1", "kind": "resolve"}
    done |= {"by": "local", "at": "2026-03-01T00:00:00Z"}
    asked = answering(monkeypatch, 201, done)
    ran = nabiz("act", "a1", "resolve", "--outcome", "rescued", "--note", "kalıyor")
    assert (ran.code, asked[0].url.path) == (0, "/v1/alerts/a1/actions")
    body = {name: value for name, value in json.loads(asked[0].content).items() if value}
    assert body == {"kind": "resolve", "outcome": "rescued", "note": "kalıyor"}
    assert "nabiz act a1 undo --action x1" in ran.out
    assert nabiz("act", "a1", "explode").code == 2


def test_a_snooze_ends_so_long_after_now(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 404, {"detail": "there is no such alert"})
    before = datetime.now(UTC)
    ran = nabiz("act", "a1", "snooze", "--for", "2h")
    until = datetime.fromisoformat(json.loads(asked[0].content)["until"])
    assert timedelta(hours=2) <= until - before < timedelta(hours=2, minutes=1)
    assert (ran.code, "there is no such alert" in ran.err) == (2, True)


def test_follow_ups_show_in_whose_hands_they_are(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"alert_id": "a1", "customer_id": "c1", "cause": "churn_intent", "severity": "high"}
    one |= {"stage": "acknowledged", "revision": 2, "owner": "[red]ayşe", "escalation": 1}
    one |= {"opened_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z"}
    asked = answering(monkeypatch, 200, [one])
    ran = nabiz("follow-ups", "--stage", "acknowledged", "--customer", "c1")
    assert dict(asked[0].url.params) == {
        "stage": "acknowledged",
        "customer_id": "c1",
        "limit": "1000",
    }
    assert "acknowledged" in ran.out
    assert "[red]ayşe" in ran.out


def test_a_retry_is_asked_for_by_reason(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 200, {"sent": 2, "skipped": 1})
    ran = nabiz("dead-letters", "retry", "--reason", "not_json")
    assert ran == (0, "2 published again, 1 left as they are\n", "")
    assert json.loads(asked[0].content) == {"reason": "not_json"}


def test_config_masks_secrets(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_STORE_URL", "clickhouse://u:hush@h/db")
    monkeypatch.setenv("NABIZ_API_TOKEN", "hush")
    ran = nabiz("config", "--json")
    values = json.loads(ran.out)
    assert values["NABIZ_KAFKA_BOOTSTRAP"] == "127.0.0.1:9092"
    assert "hush" not in ran.out
    assert "hush" not in nabiz("config").out


@pytest.mark.parametrize("variable", ["NABIZ_BOARD_FILE", "NABIZ_FOLLOWUP_SLA", "NABIZ_DATA"])
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


def test_score_keeps_order_and_what_else_a_line_holds(nabiz: Nabiz) -> None:
    lines = [
        b'{"id": 1, "text": "berbat, bir daha asla almam"}',
        b"",
        b'{"text": "great, thank you!", "language": "en-GB", "id": 2}',
        b'{"id": 3, "text": ""}',
    ]
    ran = nabiz("score", stdin=b"\n".join(lines))
    assert (ran.code, ran.err) == (0, "")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [(row["id"], row["label"], row["language"]) for row in rows[:2]] == [
        (1, "negative", "tr"),
        (2, "positive", "en"),
    ]
    assert rows[2]["label"] == "neutral"
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["engine"] in ("fast", "strong")
        assert row["version"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"text"', "is not JSON"),
        (b"\xff", "is not JSON"),
        (b'"text"', 'expected an object with a string "text"'),
        (b'{"text": 5}', 'expected an object with a string "text"'),
        (b'{"text": "a", "language": 5}', '"language" must be a string'),
    ],
)
def test_score_names_the_line_that_is_wrong(nabiz: Nabiz, line: bytes, words: str) -> None:
    ran = nabiz("score", stdin=b'{"text": "iyi"}\n\n' + line)
    assert ran.code == 2
    assert "line 3" in ran.err
    assert words in ran.err


def test_an_engine_that_is_missing_is_a_sentence(nabiz: Nabiz) -> None:
    ran = nabiz("score", "--engine", "hf", stdin=b'{"text": "iyi"}')
    assert ran.code == 2
    assert "needs a model" in ran.err


def test_explain_says_which_words_and_which_rules(nabiz: Nabiz) -> None:
    text = "kargo berbat, şikayetvar'a yazacağım"
    ran = nabiz("explain", text, "--engine", "fast", "--json")
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    parts = answer["explanation"]["parts"]
    weights = {text[part["start"] : part["end"]]: part["weight"] for part in parts}
    assert weights["berbat,"] > max(0, weights["kargo"])
    assert "threat_to_escalate" in {rule["rule"] for rule in answer["rules"]}
    page = nabiz("explain", text, "--engine", "fast").out
    for words in ("negative", "şikayetvar'a yazacağım", "delivery", "threat_to_escalate"):
        assert words in page


def test_explain_shows_nothing_personal_and_nothing_that_a_terminal_obeys(nabiz: Nabiz) -> None:
    ran = nabiz("explain", "ara beni 0532 123 45 67 \x1b]0;sahte\x07 \x1b[2J", "--engine", "fast")
    assert ran.code == 0
    assert "0532" not in ran.out
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out


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
    assert exit_code(error.__new__(error)) in (2, 3)
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


UpOn = Callable[[Path], Path]


@pytest.fixture
def up_on() -> Iterator[UpOn]:
    """Make folders look as while `nabiz up` runs on them, until the test ends."""
    with ExitStack() as stack:

        def run(folder: Path) -> Path:
            folder.mkdir(exist_ok=True)
            stack.enter_context(claimed(folder))
            write_addresses(folder, Addresses(KAFKA, API, {}))
            return folder

        yield run


def test_a_running_nabiz_is_found_in_its_folder(tmp_path: Path, up_on: UpOn) -> None:
    settings = find(up_on(tmp_path / "here"))
    assert (settings.kafka.bootstrap, settings.api.url) == (KAFKA, API)
    assert settings.data == tmp_path / "here"


def test_the_folder_that_is_named_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, up_on: UpOn
) -> None:
    monkeypatch.setenv("NABIZ_KAFKA_BOOTSTRAP", "other:9092")
    monkeypatch.setenv("NABIZ_API_URL", "http://other")
    settings = find(up_on(tmp_path / "here"))
    assert (settings.kafka.bootstrap, settings.api.url) == (KAFKA, API)


@pytest.mark.parametrize(
    ("variable", "value", "kafka", "api"),
    [
        ("NABIZ_KAFKA_BOOTSTRAP", "other:9092", "other:9092", ""),
        ("NABIZ_API_URL", "http://other", "127.0.0.1:9092", "http://other"),
        ("NABIZ_DATA", "elsewhere", "127.0.0.1:9092", ""),
        ("NABIZ_API_TOKEN", "secret", KAFKA, API),
    ],
)
def test_both_addresses_are_those_of_one_nabiz(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    up_on: UpOn,
    variable: str,
    value: str,
    kafka: str,
    api: str,
) -> None:
    """One that is set, or the folder where nothing is; never one of each."""
    monkeypatch.chdir(tmp_path)
    up_on(tmp_path / "nabiz-data")
    assert (find(None).kafka.bootstrap, find(None).api.url) == (KAFKA, API)
    monkeypatch.setenv(variable, value)
    settings = find(None)
    assert (settings.kafka.bootstrap, settings.api.url) == (kafka, api)


def test_addresses_of_a_process_that_died_are_not_used(tmp_path: Path) -> None:
    with claimed(tmp_path):
        write_addresses(tmp_path, Addresses(KAFKA, API, {}))
        assert running(tmp_path) == Addresses(KAFKA, API, {})
    assert running(tmp_path) is None
    with pytest.raises(Mistake, match=r"nothing runs on .*nabiz up --data"):
        find(tmp_path)


@pytest.mark.parametrize("place", ["file", "file/below", "."])
def test_a_folder_that_cannot_be_made_or_written_is_a_mistake(
    nabiz: Nabiz, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / target.LOCK).mkdir()  # cannot be opened, as all in a read-only folder
    ran = nabiz("up", "--data", place)
    assert ran.code == 2
    assert ran.err.startswith(f"nabiz: {(tmp_path / place).resolve()} cannot be the folder of all")
    assert "--data" in ran.err


def test_a_folder_has_one_nabiz(tmp_path: Path) -> None:
    with claimed(tmp_path), pytest.raises(Mistake, match=r"runs on .* already"), claimed(tmp_path):
        pass


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b'{"kafka": 1'])
def test_a_file_that_holds_no_addresses_is_as_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / target.ADDRESSES).write_bytes(content)
    assert running(tmp_path) is None
    (tmp_path / "file").touch()
    assert running(tmp_path / "file") is None
