"""What the roles do with a batch, beside Kafka: decode, redact, read, count, watch, crash."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_socket import socket_allow_hosts
from structlog.testing import capture_logs

from agents import health
from agents.app import EXIT_CRASH
from agents.detect import reload
from agents.health import Heartbeat
from agents.messages import Message, decode_as, sift
from agents.page import serve_page
from agents.record import sort
from agents.triage import urgent_among
from agents.understand import InvalidLimit, TooManyInvalid, interpret, outgoing, retried_among
from pipeline.action import Action
from pipeline.chain import ACTIONS, DEAD_LETTERS, SCORED
from pipeline.dead_letter import KEPT_PAYLOAD, DeadLetter, Invalid, Reason
from pipeline.decode import decode_event, encode_event
from pipeline.detection.rules import RuleBook
from pipeline.event import Event, EventType
from pipeline.reading import Scored
from pipeline.setting_groups import ROOT, DeadLetterSettings, WorkerSettings
from pipeline.settings import SettingsError
from pipeline.text.engine import Engine
from pipeline.text.reader import Reader

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = 0.1
PHONE, CUSTOMER = "0532 123 45 67", "m-104233"


class Listening(Engine):
    """An engine that finds everything neutral and remembers what it was given to read."""

    name = "listening"
    version = "1"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def probabilities(
        self, texts: list[str], folded: object, languages: object
    ) -> np.ndarray[Any, Any]:
        self.heard += texts
        return np.tile(np.array([0.1, 0.8, 0.1], np.float32), (len(texts), 1))


def event(id_: str, text: str | None = None, **fields: object) -> Event:
    return Event(id_, NOW, CUSTOMER, "chat", EventType.MESSAGE, text=text, **fields)  # type: ignore[arg-type]


def message(offset: int, value: bytes | None, key: str = CUSTOMER) -> Message:
    return Message("cx.interactions", 3, offset, key.encode(), value, NOW)


def test_good_messages_go_on_beside_bad_ones_each_with_its_own_reading() -> None:
    german, silent, turkish = (
        event("g", "na ja", language="de"),
        event("s"),
        event("t", "kaç gündür siparişimi bekliyorum"),
    )
    values = [encode_event(german), b"{", encode_event(silent), None, encode_event(turkish)]
    scored, dead = interpret(
        [message(offset, value) for offset, value in enumerate(values)],
        Reader(Listening()),
        NOW,
        PATIENCE,
    )
    assert [(one.event.event_id, one.reading and one.reading.language) for one in scored] == [
        ("g", "de"),
        ("s", None),
        ("t", "tr"),
    ]
    assert all(one.received_at == NOW for one in scored)
    assert [(one.id, one.reason) for one in dead] == [
        ("cx.interactions/3/1", Reason.NOT_JSON),
        ("cx.interactions/3/3", Reason.EMPTY),
    ]


def test_triage_takes_urgent_words_and_leaves_the_rest_valid_or_not_to_understand() -> None:
    texts = ["Kartımı iptal ediyorum", "Siparişim nerede?", None]
    values = [encode_event(event(str(i), text)) for i, text in enumerate(texts)]
    values += [b"{", b'{"text": 7}', b'{"text": "' + b"\xff" + b'"}', b"[" * 100_000]
    messages = [message(offset, value) for offset, value in enumerate([*values, None])]
    assert urgent_among(messages) == messages[:1]


def test_the_scorer_never_sees_a_personal_datum() -> None:
    engine = Listening()
    value = encode_event(event("e", f"Beni {PHONE} numarasından arayın"))
    (scored,), _ = interpret([message(0, value)], Reader(engine), NOW, PATIENCE)
    assert len(engine.heard) == 1
    for text in (engine.heard[0], scored.event.text or "", outgoing(scored).value.decode()):
        assert PHONE not in text
        assert "numarasından" in text


def test_a_dead_letter_keeps_the_bytes_without_the_personal_datum() -> None:
    value = f'{{"text": "Beni {PHONE} numarasından arayın"'.encode()
    _, (letter,) = interpret([message(0, value)], Reader(Listening()), NOW, PATIENCE)
    assert PHONE.encode() not in letter.payload
    assert "numarasından".encode() in letter.payload
    assert PHONE not in letter.sentence


def test_nothing_of_a_customer_is_logged() -> None:
    text = f"{CUSTOMER} diyor: {PHONE}"
    values = [encode_event(event("e", text)), text.encode(), f'{{"text": "{text}"}}'.encode()]
    with capture_logs() as logs:
        interpret(
            [message(i, value, "other") for i, value in enumerate(values)],
            Reader(Listening()),
            NOW,
            PATIENCE,
        )
    assert CUSTOMER not in str(logs)
    assert PHONE not in str(logs)


def test_what_is_sent_is_under_the_key_of_its_customer() -> None:
    scored = Scored(event("e"), None, NOW)
    sent = outgoing(scored)
    assert (sent.topic, sent.key) == (SCORED, CUSTOMER.encode())
    assert decode_as(Scored)(Message(SCORED, 0, 0, sent.key, sent.value, NOW)) == scored


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"{", b"[]", b'{"event": {}}'])
def test_a_message_of_ours_that_is_broken_is_invalid(value: bytes | None) -> None:
    with pytest.raises(Invalid):
        decode_as(Scored)(message(0, value))


@given(st.lists(st.one_of(st.just(b'{"topic": 1}'), st.binary(max_size=20)), max_size=8))
def test_every_message_comes_out_once_good_or_dead(values: list[bytes]) -> None:
    messages = [message(offset, value) for offset, value in enumerate(values)]
    good, dead = sift(messages, decode_as(dict))
    offsets = [one.offset for one, _ in good] + [letter.offset for letter in dead]
    assert sorted(offsets) == list(range(len(values)))


def test_a_bug_in_decoding_is_no_dead_letter() -> None:
    def broken(_: Message) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        sift([message(0, b"{}")], broken)


def test_record_sorts_messages_by_topic_and_masks_the_notes_of_people() -> None:
    letter = DeadLetter("cx.feedback", 0, 1, Reason.EMPTY, "Empty.", b"", None, NOW)
    note = f"Tekrar aranacak: {PHONE}"
    done = Action("x1", "a1", CUSTOMER, "contact", "ayse", NOW, note=note)
    wrong = msgspec.structs.replace(done, kind="resolve")  # without its outcome
    mixed = [
        Message(topic, 0, offset, CUSTOMER.encode(), msgspec.json.encode(value), NOW)
        for offset, (topic, value) in enumerate(
            [(ACTIONS, done), (DEAD_LETTERS, letter), (SCORED, letter), (ACTIONS, wrong)]
        )
    ]
    batch = sort(mixed)
    assert (batch.letters, batch.scored, batch.alerts) == ([letter], [], [])
    assert [one.action_id for one in batch.actions] == ["x1"]
    assert PHONE not in batch.actions[0].note
    assert [(one.offset, one.topic) for one in batch.dead] == [(2, SCORED), (3, ACTIONS)]
    assert "outcome" in batch.dead[1].sentence


LIMIT = DeadLetterSettings(max_share=0.5, window=100)


def test_too_many_invalid_messages_stop_the_worker_once_the_window_is_full() -> None:
    limit = InvalidLimit(LIMIT)
    limit.check(valid=0, invalid=99)
    with pytest.raises(TooManyInvalid, match=r"100% of the last 100 .*MAX_SHARE=1"):
        limit.check(valid=0, invalid=1)


def test_the_share_is_that_of_whole_batches_however_large() -> None:
    limit = InvalidLimit(LIMIT)
    limit.check(valid=500, invalid=500)  # half: not too many, in whatever order they came
    with pytest.raises(TooManyInvalid, match="51% of the last 1000"):
        limit.check(valid=490, invalid=510)


def test_a_long_good_past_does_not_hide_a_flood() -> None:
    limit = InvalidLimit(LIMIT)
    limit.check(valid=10_000, invalid=0)
    with pytest.raises(TooManyInvalid):
        limit.check(valid=0, invalid=100)


def test_all_may_be_invalid_where_that_is_set() -> None:
    limit = InvalidLimit(DeadLetterSettings(max_share=1, window=10))
    limit.check(valid=0, invalid=1_000)


TP = ("cx.scored", 0)


class FakeConsumer:
    """What a heartbeat asks of Faust's consumer."""

    def __init__(self, end: int, begin: int = 0, committed: int | None = None) -> None:
        self.end, self.begin = end, begin
        self._committed_offset: dict[Any, int | None] = {TP: committed}

    def assignment(self) -> set[Any]:
        return {TP, ("changelog", 0)}

    def _is_changelog_tp(self, tp: Any) -> bool:
        return bool(tp[0] == "changelog")

    def highwater(self, tp: Any) -> int:
        return self.end if tp == TP else 1_000

    async def earliest_offsets(self, *tps: Any) -> dict[Any, int]:
        return dict.fromkeys(tps, self.begin)

    def commit(self, offset: int) -> None:
        self._committed_offset[TP] = offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(monotonic=1_000.0)
    fake = SimpleNamespace(monotonic=lambda: now.monotonic, time=lambda: NOW.timestamp())
    monkeypatch.setattr(health, "time", fake)
    return now


def heart(consumer: FakeConsumer, in_recovery: bool = False) -> Heartbeat:
    app: Any = SimpleNamespace(
        consumer=consumer, in_recovery=in_recovery, timer=lambda **_: lambda beat: beat
    )
    return Heartbeat(app, "detect", stall_seconds=30)


async def test_lag_without_a_commit_is_a_problem_after_a_while(clock: SimpleNamespace) -> None:
    consumer = FakeConsumer(end=10, committed=3)
    heartbeat = heart(consumer)
    await heartbeat.beat()
    clock.monotonic += 30
    await heartbeat.beat()
    assert heartbeat.problem() is None
    clock.monotonic += 1
    assert heartbeat.problem() == "detect has lag and has committed nothing for 31 s"
    consumer.commit(4)
    await heartbeat.beat()
    assert heartbeat.problem() is None


@pytest.mark.parametrize(
    ("consumer", "in_recovery"),
    [
        (FakeConsumer(end=10, committed=10), False),
        (FakeConsumer(end=0), False),
        (FakeConsumer(end=10, begin=10), False),  # all that was there is past its retention
        (FakeConsumer(end=10, committed=3), True),
    ],
)
async def test_a_worker_that_has_nothing_to_do_or_recovers_is_well(
    clock: SimpleNamespace, consumer: FakeConsumer, in_recovery: bool
) -> None:
    heartbeat = heart(consumer, in_recovery)
    for _ in range(5):
        clock.monotonic += 29
        await heartbeat.beat()
    assert heartbeat.problem() is None


async def test_a_worker_that_never_committed_lags(clock: SimpleNamespace) -> None:
    heartbeat = heart(FakeConsumer(end=10))
    await heartbeat.beat()
    clock.monotonic += 31
    await heartbeat.beat()
    assert heartbeat.problem()


def test_a_long_recovery_at_the_start_is_no_stall(clock: SimpleNamespace) -> None:
    heartbeat = heart(FakeConsumer(end=10), in_recovery=True)
    clock.monotonic += 3_600  # Faust calls no timer before its tables are recovered
    assert heartbeat.problem() is None


def test_a_loop_that_is_blocked_is_seen(clock: SimpleNamespace) -> None:
    heartbeat = heart(FakeConsumer(end=0))
    clock.monotonic += 31  # and no beat
    assert heartbeat.problem()


class Patient:
    """A heartbeat whose problem the test sets."""

    said: str | None = None

    def problem(self) -> str | None:
        return self.said


@pytest.fixture
def page(socket_enabled: None) -> Iterator[tuple[str, Patient]]:
    socket_allow_hosts(["127.0.0.1"])
    patient: Any = Patient()
    with serve_page(WorkerSettings(), patient) as address:
        yield address, patient


def test_the_page_tells_health_and_metrics(page: tuple[str, Patient]) -> None:
    address, patient = page
    well = httpx.get(f"{address}/healthz", trust_env=False)
    assert (well.status_code, well.text) == (200, "ok")
    assert "nabiz_event_to_alert_seconds" in httpx.get(f"{address}/metrics", trust_env=False).text
    patient.said = "detect has lag"
    ill = httpx.get(f"{address}/healthz", trust_env=False)
    assert (ill.status_code, ill.text) == (503, "detect has lag")
    port = int(address.rpartition(":")[2])
    with (
        pytest.raises(SettingsError, match="another NABIZ_WORKER_PORT"),
        serve_page(WorkerSettings(port=port), patient),  # type: ignore[arg-type]
    ):
        pass


def test_rules_that_are_refused_are_logged_once(tmp_path: Path) -> None:
    good = (ROOT / "rules" / "payment_failed.yaml").read_text(encoding="utf-8")
    rule = tmp_path / "payment_failed.yaml"
    rule.write_text(good, encoding="utf-8")
    book = RuleBook(tmp_path)
    rules = book.rules
    with capture_logs() as logs:
        refused = reload(book, "")
        rule.write_text("name: [", encoding="utf-8")
        for _ in range(3):
            refused = reload(book, refused)
        assert book.rules is rules
        rule.write_text(good + "# mended\n", encoding="utf-8")
        for _ in range(2):
            refused = reload(book, refused)
    assert refused == ""
    assert book.rules is not rules
    assert [one["event"] for one in logs] == [
        "rules refused, the last good set stays",
        "rules taken",
    ]
    assert "payment_failed.yaml" in logs[0]["problem"]


def test_a_crash_ends_the_process_at_once_with_its_code() -> None:
    code = (
        "import atexit\n"
        "from agents.app import crash\n"
        "from pipeline.logs import configure_logging\n"
        "configure_logging('detect')\n"
        "atexit.register(print, 'a commit at exit')\n"
        "def write(): raise RuntimeError('the store is gone\\nINSERT m-104233')\n"
        "try: write()\n"
        "except RuntimeError as error: crash(error)\n"
        "finally: print('a commit on the way')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == EXIT_CRASH
    assert ran.stdout == ""
    assert "m-104233" not in ran.stderr  # a store quotes statements
    line = msgspec.json.decode(ran.stderr)
    assert (line["role"], line["level"], line["error"]) == (
        "detect",
        "critical",
        "RuntimeError: the store is gone",
    )
    assert "in write" in line["where"]


def test_a_message_that_is_too_large_is_kept_in_part() -> None:
    huge = message(1, b"x" * (3 * KEPT_PAYLOAD))
    _, [dead] = sift([huge], lambda one: decode_event(one.value, one.key, now=NOW))
    assert (dead.reason, len(dead.payload)) == (Reason.TOO_LARGE, KEPT_PAYLOAD)
    assert len(msgspec.json.encode(dead)) < 1_000_000


def test_a_retry_says_nothing_about_the_source() -> None:
    first, again = message(1, b"{"), message(2, b"{")._replace(retried=True)
    _, dead = sift([first, again], lambda one: decode_event(one.value, one.key, now=NOW))
    assert retried_among(dead, [first, again]) == 1
