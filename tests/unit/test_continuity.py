"""Where a group goes on, by what it noted and what Kafka still has."""

import threading
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, call

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime import continuity
from agents.runtime.continuity import Continuity, TopicsChanged
from agents.runtime.transport import Consumer
from pipeline.broker import survey
from pipeline.broker.continuity import (
    Breach,
    KeptStates,
    Note,
    StatesLost,
    Verdict,
    demand_states,
    judge,
    read_note,
    write_note,
)
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.lag import Committed
from pipeline.broker.security import PLAINTEXT
from pipeline.broker.survey import Survey, TopicAsIs
from pipeline.config.groups import KafkaSettings

PLACE, LOG = ("cx.scored", 1), ("states", 1)
NOTED = Note({PLACE[0]: TopicAsIs("t1", 4)}, 2, KeptStates("s1", 0, 50))


@dataclass(frozen=True)
class Kafka:
    """A topic that holds the offsets 10 to 99, and a changelog of 50 records."""

    topic: str = "t1"
    partitions: int = 4
    first: int = 10
    end: int = 100
    committed: int = 60
    note: str = write_note(NOTED)
    changelog: str = "s1"
    states_first: int = 0
    states_end: int = 50

    def survey(self) -> Survey:
        return Survey(
            {
                PLACE[0]: TopicAsIs(self.topic, self.partitions),
                LOG[0]: TopicAsIs(self.changelog, self.partitions),
            },
            {PLACE: self.first, LOG: self.states_first},
            {PLACE: self.end, LOG: self.states_end},
            {PLACE: Committed(self.committed, self.note)} if self.committed >= 0 else {},
        )


AS_LEFT = Kafka()
WITHOUT_IDS = Kafka(
    topic="",
    changelog="",
    note=write_note(Note({PLACE[0]: TopicAsIs("", 4)}, 2, KeptStates("", 0, 50))),
)
"""The same on a broker that gives no ids."""


@pytest.mark.parametrize(
    ("kafka", "verdict"),
    [
        (AS_LEFT, Verdict(60, 2, None)),
        (replace(AS_LEFT, committed=-1), Verdict(10, 0, None)),
        (replace(AS_LEFT, committed=7), Verdict(10, 2, Breach("expired", 3))),
        (replace(AS_LEFT, end=40), Verdict(40, 3, Breach("truncated", 20))),
        (replace(AS_LEFT, topic="t2", first=0), Verdict(0, 0, Breach("recreated", 0))),
        (replace(AS_LEFT, topic="t2", first=0, end=5), Verdict(0, 0, Breach("recreated", 0))),
        (replace(AS_LEFT, note=""), Verdict(60, 0, None)),
        (replace(AS_LEFT, note="of another tool"), Verdict(60, 0, None)),
        (replace(AS_LEFT, note="", end=40), Verdict(10, 1, Breach("recreated", 0))),
        (replace(AS_LEFT, note="", committed=7), Verdict(10, 0, Breach("expired", 3))),
        (WITHOUT_IDS, Verdict(60, 2, None)),
        (replace(WITHOUT_IDS, first=0, end=40), Verdict(0, 3, Breach("recreated", 0))),
        (replace(WITHOUT_IDS, topic="t1", changelog="s1"), Verdict(60, 2, None)),
    ],
)
def test_a_group_goes_on_where_it_left_off_or_says_why_not(kafka: Kafka, verdict: Verdict) -> None:
    assert judge(PLACE, kafka.survey()) == verdict


@given(*(st.integers(0, 30) for _ in range(3)), st.sampled_from(["t1", "t2"]))
def test_a_group_goes_on_within_what_is_there(
    first: int, length: int, committed: int, topic: str
) -> None:
    kafka = Kafka(topic, first=first, end=first + length, committed=committed)
    verdict = judge(PLACE, kafka.survey())
    assert first <= verdict.start <= first + length
    assert (verdict.breach is None) == (verdict.start == committed and topic == "t1")


def test_states_that_are_all_there_are_gone_on_with() -> None:
    for kafka in (
        AS_LEFT,
        replace(AS_LEFT, states_end=70),
        replace(AS_LEFT, note="", states_end=0),
        replace(AS_LEFT, committed=-1, states_end=0),
        replace(AS_LEFT, topic="t2"),
        WITHOUT_IDS,
        replace(WITHOUT_IDS, topic="t1", changelog="s1"),
    ):
        demand_states(PLACE[1], LOG[0], kafka.survey())


@pytest.mark.parametrize(
    ("kafka", "words"),
    [
        (replace(AS_LEFT, changelog="s2"), "states was deleted and recreated"),
        (replace(AS_LEFT, states_end=47), "has lost its last 3 records"),
        (replace(AS_LEFT, states_first=5), "has lost its first 5 records"),
        (replace(WITHOUT_IDS, states_end=47), "has lost its last 3 records"),
    ],
)
def test_states_that_are_gone_are_missed(kafka: Kafka, words: str) -> None:
    with pytest.raises(StatesLost, match=words):
        demand_states(PLACE[1], LOG[0], kafka.survey())


def test_topics_that_grew_together_with_the_changelog_are_noticed() -> None:
    with pytest.raises(StatesLost, match="has 6 partitions and had 4"):
        demand_states(PLACE[1], LOG[0], replace(AS_LEFT, partitions=6).survey())


def test_who_is_given_a_new_partition_alone_notices_that_the_topic_grew() -> None:
    """Others have the partitions whose offsets were committed, and halt: this one must, too."""
    new = 5
    with pytest.raises(StatesLost, match="has 6 partitions and had 4"):
        demand_states(new, LOG[0], replace(AS_LEFT, partitions=6).survey())


def test_a_topic_whose_offsets_kafka_forgot_is_known_by_the_notes_beside_it() -> None:
    """Kafka deletes the offsets of a topic that is deleted."""
    beside = Kafka(committed=-1).survey()
    beside = beside._replace(committed={("cx.urgent", 0): Committed(5, write_note(NOTED))})
    assert judge(PLACE, beside) == Verdict(10, 0, None)
    anew = beside._replace(topics={PLACE[0]: TopicAsIs("t2", 4)})
    assert judge(PLACE, anew) == Verdict(10, 0, Breach("recreated", 0))


def test_topics_of_a_broker_without_ids_are_there_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin = MagicMock()
    admin.describe_topics.return_value = [{"name": PLACE[0], "error_code": 0, "partitions": [{}]}]
    monkeypatch.setattr(survey, "KafkaAdminClient", lambda **_: nullcontext(admin))
    found = survey.topics_as_is("kafka:9092", [PLACE[0]], PLAINTEXT)
    assert found == {PLACE[0]: TopicAsIs("", 1)}


TOPICS = st.dictionaries(st.text(), st.builds(TopicAsIs, st.text(), st.integers(0, 99)))


@given(st.builds(Note, TOPICS, st.integers(0, 99)))
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert read_note(write_note(note)) == note


@pytest.mark.parametrize("fails", ["topics_as_is", "leave_group"])
async def test_a_look_at_a_kafka_that_is_away_ends_no_role(
    monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def away(*_: object) -> None:
        raise BrokerUnavailable("it is started again")

    watched = watched_topics(monkeypatch)
    monkeypatch.setattr(continuity, fails, away)
    await watched.watch()


async def test_a_look_that_finds_another_topic_leaves_the_group_and_ends_the_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[object] = []
    watched = watched_topics(monkeypatch)
    monkeypatch.setattr(continuity, "leave_group", lambda *place: left.append(place[2]))
    with pytest.raises(TopicsChanged, match="was deleted and recreated"):
        await watched.watch()
    assert left == ["only"]


async def test_a_topic_that_is_gone_when_partitions_are_given_ends_the_role_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = watched_topics(monkeypatch)
    monkeypatch.setattr(continuity, "topics_as_is", lambda *_: {})
    monkeypatch.setattr(continuity, "leave_group", lambda *_: None)
    with pytest.raises(TopicsChanged, match=f"{PLACE[0]} was deleted"):
        await watched.check({TP("cx.urgent", 1)}, ())


async def test_what_is_known_of_a_topic_outlasts_its_partitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urgent = ("cx.urgent", 1)
    found = {
        place: Survey({place[0]: TopicAsIs(f"id of {place[0]}", 4)}, {place: 0}, {place: 9}, {})
        for place in (PLACE, urgent)
    }
    watched = Continuity("detect", "nabiz-detect", "only", KafkaSettings())
    monkeypatch.setattr(continuity, "topics_as_is", lambda *_: found[PLACE].topics)
    for place in (PLACE, urgent):
        monkeypatch.setattr(continuity, "survey", lambda *_, place=place: found[place])
        await watched.check({TP(*place)}, ())
    assert watched.source(TP(*PLACE)) == f"id of {PLACE[0]}/0"
    assert read_note(watched.note(*urgent)).topics.keys() == {PLACE[0], urgent[0]}


async def test_a_partition_that_is_no_more_is_given_up_with_the_name_that_it_was_given_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[object] = []
    monkeypatch.setattr(continuity, "survey", lambda *_: AS_LEFT.survey())
    monkeypatch.setattr(continuity, "leave_group", lambda *place: left.append(place[2]))
    given = [TP(PLACE[0], 1), TP(PLACE[0], 7)]
    with pytest.raises(TopicsChanged, match=r"cx\.scored no longer has partition 7"):
        await Continuity("detect", "nabiz-detect", "only", KafkaSettings()).check(given, ())
    assert left == ["only"]


async def test_where_to_go_on_is_known_until_it_is_committed_or_another_worker_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Faust gives up a seek that takes long, or that a rebalance overtakes, and seeks again."""
    seen = Continuity("record", "nabiz-record", "only", KafkaSettings())
    here, elsewhere = TP(*PLACE), TP(PLACE[0], 3)
    seen.elsewhere = {here: 7, elsewhere: 9}
    monkeypatch.setattr(Consumer.__mro__[1], "perform_seek", AsyncMock())
    monkeypatch.setattr(Consumer.__mro__[1], "on_partitions_revoked", AsyncMock())
    thread = AsyncMock(commit=AsyncMock(side_effect=[TimeoutError, None]))
    consumer: Any = object.__new__(Consumer)
    without_states = SimpleNamespace(standby_tps=set(), standby_offsets={})
    vars(consumer).update(
        app=SimpleNamespace(
            continuity=seen, should_stop=False, tables=SimpleNamespace(recovery=without_states)
        ),
        assignment=lambda: {here},
        _is_changelog_tp=lambda _: False,
        _thread=thread,
        _delivered={},
        _read_offset={here: 5},
        _committed_offset={},
    )
    await consumer.on_partitions_revoked({elsewhere})
    with pytest.raises(TimeoutError):
        await consumer.perform_seek()
    await consumer.perform_seek()
    assert thread.seek_wait.await_args_list == [call({here: 7})] * 2
    await consumer.perform_seek()
    assert thread.commit.await_args_list == [call({here: 7})] * 2


def watched_topics(monkeypatch: pytest.MonkeyPatch) -> Continuity:
    """A worker whose topic was made anew since it looked."""
    watched = Continuity("detect", "nabiz-detect", "only", KafkaSettings())
    watched._topics = {PLACE[0]: TopicAsIs("t1", 4)}
    now = {PLACE[0]: TopicAsIs("t2", 4)}
    monkeypatch.setattr(continuity, "topics_as_is", lambda *_: now)
    return watched


async def test_a_look_that_hangs_ends_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look no more, and read nothing of a topic that was made anew."""
    goes_on = threading.Event()
    watched = watched_topics(monkeypatch)
    monkeypatch.setattr(continuity, "topics_as_is", lambda *_: goes_on.wait(30))
    monkeypatch.setattr(continuity, "ANSWERED_WITHIN", 0.05)
    try:
        with pytest.raises(TimeoutError):
            await watched.watch()
    finally:
        goes_on.set()
