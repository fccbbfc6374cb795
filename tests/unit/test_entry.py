"""What detection keeps of a text, and what rules and alerts make of it."""

from pathlib import Path

import msgspec
import pytest

from pipeline.detection.customer import Arrival, apply
from pipeline.detection.entry import COMPLAINTS, QUOTE, TOPICS, LogEntry, entry_of
from pipeline.detection.rules import load_rules
from pipeline.model.alert import Alert
from pipeline.model.event import AuthorType, Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Probabilities, Reading, Scored, Topic
from tests.support.customers import SETTINGS, START

TEXT = "10 verdim. Ürün iyi ama kargo berbat! Fatura da yanlış; bir daha almam"


def topic(name: str, clause: str, label: str = "negative") -> Topic:
    start = TEXT.index(clause)
    return Topic(name, label, start, start + len(clause))  # type: ignore[arg-type]


READING = Reading(
    *("negative", Probabilities(0.8, 0.1, 0.1), 0.6, "tr", "test", "1"),
    intents=(Intent("boycott", TEXT.index("bir daha"), len(TEXT)),),
    anger=2,
    urgency=1,
    topics=(
        topic("product_quality", "Ürün iyi", "positive"),
        topic("delivery", "ama kargo berbat!"),
        topic("billing", "Fatura da yanlış;"),
    ),
)


def scored(reading: Reading = READING, **fields: object) -> Scored:
    event = Event(
        **{  # type: ignore[arg-type]
            **{"event_id": "e", "occurred_at": START, "customer_id": "c", "channel": "survey"},
            **{"type": EventType.SURVEY, "text": TEXT, "score": Score(Metric.NPS, 10, 0, 10)},
            **fields,
        }
    )
    return Scored(event, reading, START)


def test_an_entry_keeps_what_rules_read_of_a_text() -> None:
    entry = entry_of(scored())
    assert (entry.anger, entry.urgency, entry.against_score) == (2, 1, True)
    assert entry.topics == ("product_quality", "delivery", "billing")
    assert entry.negative_topics == ("delivery", "billing")


def test_words_of_an_agent_are_no_feeling_of_the_customer() -> None:
    entry = entry_of(scored(author_type=AuthorType.AGENT))
    assert (entry.anger, entry.urgency, entry.topics, entry.against_score) == (0, 0, (), False)


def test_an_entry_of_the_version_before_is_read() -> None:
    whole = msgspec.to_builtins(entry_of(scored(msgspec.structs.replace(READING, topics=()))))
    earlier = msgspec.msgpack.encode(whole[:-8])
    entry = msgspec.msgpack.decode(earlier, type=LogEntry)
    assert (entry.intents, entry.anger, entry.negative_topics) == (("boycott",), 0, ())
    assert entry.mark(frozenset(["boycott"])).start == TEXT.index("bir daha")


def test_what_is_kept_of_a_text_is_bounded() -> None:
    many = tuple(Topic(f"t{n}", "negative", 0, 1_000) for n in range(40))
    entry = entry_of(scored(msgspec.structs.replace(READING, topics=many), text="x" * 1_000))
    assert (len(entry.topics), len(entry.negative_topics)) == (TOPICS, COMPLAINTS)
    assert max(len(span.quote) for span in entry.spans) == QUOTE


RULE = """\
name: asked
description: A test.
condition: |
  {condition}
alert: {{severity: low, title: {{tr: x, en: x}}, playbook: {{tr: x, en: x}}}}
fixtures:
  fires:
    - - type: survey
        text: x
        score: {{metric: nps, value: 10}}
        reading:
          label: negative
          anger: 2
          urgency: 1
          topics: {{delivery: negative, card: positive, billing: negative}}
  silent:
    - - {{type: survey, text: x, reading: {{label: positive}}}}
"""


@pytest.mark.parametrize(
    ("condition", "quote"),
    [
        ("reading.anger >= 2", "ama kargo berbat!"),
        ("reading.urgency == 1 && reading.against_score", "ama kargo berbat!"),
        ('"billing" in reading.negative_topics', "Fatura da yanlış;"),
        ('"delivery" in reading.topics', "ama kargo berbat!"),
        ('"billing" in reading.topics || "boycott" in reading.intents', "bir daha almam"),
    ],
)
def test_an_alert_quotes_the_clause_that_its_rule_is_about(
    tmp_path: Path, condition: str, quote: str
) -> None:
    (tmp_path / "asked.yaml").write_text(RULE.format(condition=condition))
    rules = load_rules(tmp_path)
    (alert,) = apply(None, [Arrival(scored(), 0, 0)], rules, SETTINGS)[1]
    assert isinstance(alert, Alert)
    (evidence,) = alert.evidence
    assert evidence.quote == TEXT[evidence.start : evidence.end] == quote


def test_fixtures_of_a_rule_can_give_anger_urgency_and_topics(tmp_path: Path) -> None:
    condition = 'reading.anger == 2 && reading.urgency == 1 && "card" in reading.topics'
    (tmp_path / "asked.yaml").write_text(RULE.format(condition=condition))
    (rule,) = load_rules(tmp_path).rules
    for cases, expected in ((rule.fires, 1), (rule.silent, 0)):
        arrivals = [Arrival(cases[0][0], 0, 0)]
        assert len(apply(None, arrivals, load_rules(tmp_path), SETTINGS)[1]) == expected
