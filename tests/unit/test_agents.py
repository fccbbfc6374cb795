"""What the roles do with a batch, beside Kafka: decode, redact, read, sort; and a crash."""

import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from agents.record import sort
from agents.runtime import messages
from agents.runtime.crash import EXIT_CRASH
from agents.runtime.messages import Message, Outgoing, decode_as, decode_batch
from agents.triage import urgent_among
from agents.understand import interpret, outgoing, retried_among
from pipeline.access.accounts import Account, change_accounts
from pipeline.access.known_people import known_people
from pipeline.config.access import AccessSettings
from pipeline.contracts.topology import ACTIONS, DEAD_LETTERS, SCORED
from pipeline.ingest.decode import decode_event, encode_event
from pipeline.ingest.uncounted import Uncounted
from pipeline.model.action import Action
from pipeline.model.dead_letter import KEPT_PAYLOAD, DeadLetter, Invalid, Reason
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
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
    return Message("cx.interactions", 3, offset, key.encode(), value, NOW, NOW)


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


def test_an_event_of_a_test_is_read_and_says_that_it_does_not_count() -> None:
    events = [event("e", "Olmuyor"), event("t", "TEST", attributes={"test": True})]
    scored, _ = interpret(
        [message(offset, encode_event(one)) for offset, one in enumerate(events)],
        *(Reader(Listening()), NOW, PATIENCE, Uncounted(attributes=frozenset({"test"}))),
    )
    assert [(one.event.event_id, one.counted) for one in scored] == [("e", True), ("t", False)]
    assert all(one.reading for one in scored)
    sent = [outgoing(one).value for one in scored]
    assert [b"counted" in value for value in sent] == [False, True]
    assert [msgspec.json.decode(value, type=Scored) for value in sent] == scored


def test_triage_takes_urgent_words_and_leaves_the_rest_valid_or_not_to_understand() -> None:
    texts = ["Kartımı iptal ediyorum", "Siparişim nerede?", None]
    values = [encode_event(event(str(i), text)) for i, text in enumerate(texts)]
    values += [b"{", b'{"text": 7}', b'{"text": "' + b"\xff" + b'"}', b"[" * 100_000]
    messages = [message(offset, value) for offset, value in enumerate([*values, None])]
    assert urgent_among(messages) == messages[:1]


@pytest.mark.parametrize(
    "text", ["Artık yaşamak istemiyorum", "My dad is on a ventilator and the power is out"]
)
def test_triage_takes_who_is_in_danger(text: str) -> None:
    messages = [
        message(n, encode_event(event(str(n), one))) for n, one in enumerate(["Selam", text])
    ]
    assert urgent_among(messages) == messages[1:]


def test_triage_hears_what_is_urgent_beside_half_an_emoji() -> None:
    urgent = message(0, b'{"text": "Kart\\u0131m\\u0131 iptal ediyorum \\ud83d"}')
    assert urgent_among([urgent]) == [urgent]


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
    assert decode_as(Scored)(Message(SCORED, 0, 0, sent.key, sent.value, NOW, NOW)) == scored


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"{", b"[]", b'{"event": {}}'])
def test_a_message_of_ours_that_is_broken_is_invalid(value: bytes | None) -> None:
    with pytest.raises(Invalid):
        decode_as(Scored)(message(0, value))


@given(st.lists(st.one_of(st.just(b'{"topic": 1}'), st.binary(max_size=20)), max_size=8))
def test_every_message_comes_out_once_good_or_dead(values: list[bytes]) -> None:
    messages = [message(offset, value) for offset, value in enumerate(values)]
    good, dead = decode_batch(messages, decode_as(dict))
    offsets = [one.offset for one, _ in good] + [letter.offset for letter in dead]
    assert sorted(offsets) == list(range(len(values)))


def test_a_bug_in_decoding_is_no_dead_letter() -> None:
    def broken(_: Message) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        decode_batch([message(0, b"{}")], broken)


async def test_a_dead_letter_says_which_topic_its_offset_is_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Outgoing] = []

    async def keep(_: object, outgoing: Iterable[Outgoing]) -> None:
        sent.extend(outgoing)

    monkeypatch.setattr(messages, "send", keep)
    app = SimpleNamespace(continuity=SimpleNamespace(source=lambda tp: f"id of {tp.topic}/0"))
    letter = DeadLetter("cx.feedback", 0, 1, Reason.EMPTY, "Empty.", b"", None, NOW)
    await messages.send_dead_letters(app, [letter])  # type: ignore[arg-type]
    (one,) = sent
    assert msgspec.json.decode(one.value, type=DeadLetter).source == "id of cx.feedback/0"
    assert one.key == b"cx.feedback/0/1@id of cx.feedback/0"


def test_a_dead_letter_of_an_older_version_is_read_and_stays_the_same_one() -> None:
    old = {"topic": "cx.feedback", "partition": 0, "offset": 1, "reason": "empty"}
    rest = {"sentence": "Empty.", "payload": "", "key": None, "received_at": NOW}
    assert msgspec.convert(old | rest, DeadLetter).id == "cx.feedback/0/1"


def test_record_sorts_messages_by_topic_and_masks_the_notes_of_people() -> None:
    letter = DeadLetter("cx.feedback", 0, 1, Reason.EMPTY, "Empty.", b"", None, NOW)
    note = f"Tekrar aranacak: {PHONE}"
    done = Action("x1", "a1", CUSTOMER, "contact", "ayse", NOW, note=note)
    wrong = msgspec.structs.replace(done, kind="resolve")  # without its outcome
    mixed = [
        Message(topic, 0, offset, CUSTOMER.encode(), msgspec.json.encode(value), NOW, NOW)
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


def test_an_action_for_nobody_who_is_known_is_a_dead_letter(tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    change_accounts(file, lambda _: {"ayse": Account("ayse", "agent", "$argon2id$x")})
    done = [
        Action(f"x{number}", "a1", CUSTOMER, "assign", "ali", NOW, assignee=name)
        for number, name in enumerate(["ayse", "nobody"])
    ]
    messages = [
        Message(ACTIONS, 0, offset, CUSTOMER.encode(), msgspec.json.encode(one), NOW, NOW)
        for offset, one in enumerate(done)
    ]
    batch = sort(messages, known_people(AccessSettings(users=str(file))))
    assert [one.assignee for one in batch.actions] == ["ayse"]
    assert [one.offset for one in batch.dead] == [1]
    for unknown in (AccessSettings(), AccessSettings(users=str(tmp_path / "none.yaml"))):
        assert len(sort(messages, known_people(unknown)).actions) == 2


def test_a_crash_ends_the_process_at_once_with_its_code() -> None:
    code = (
        "import atexit\n"
        "from agents.runtime.crash import crash\n"
        "from pipeline.common.logs import configure_logging\n"
        "configure_logging('detect')\n"
        "atexit.register(print, 'a commit at exit')\n"
        "def write(): raise RuntimeError('the store is gone\\nINSERT m-' + '104233')\n"
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
    _, [dead] = decode_batch([huge], lambda one: decode_event(one.value, one.key, now=NOW))
    assert (dead.reason, len(dead.payload)) == (Reason.TOO_LARGE, KEPT_PAYLOAD)
    assert len(msgspec.json.encode(dead)) < 1_000_000


def test_a_retry_says_nothing_about_the_source() -> None:
    first, again = message(1, b"{"), message(2, b"{")._replace(retried=True)
    _, dead = decode_batch([first, again], lambda one: decode_event(one.value, one.key, now=NOW))
    assert retried_among(dead, [first, again]) == 1
