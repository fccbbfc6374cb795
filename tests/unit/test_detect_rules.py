"""How `detect` takes its rules, and what it says of those that are refused or fail."""

from pathlib import Path

from msgspec.structs import replace
from structlog.testing import capture_logs

from agents.detect import NOTED, failed_rules, reload, show_failed
from pipeline.broker.continuity import KeptStates, Note, write_note
from pipeline.broker.lag import PartitionLag
from pipeline.broker.survey import TopicAsIs
from pipeline.common import metrics
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import SCORED, URGENT
from pipeline.detection.rules import RuleBook, load_rules
from pipeline.service.observer import noted_rules


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


def test_a_rule_that_fails_is_logged_once_and_measured_until_the_rules_change() -> None:
    rules, shown = load_rules(ROOT / "rules"), dict[str, str]()
    with capture_logs() as logs:
        show_failed(rules, shown)
        rules.failed["churn_intent"] = "budget exceeded"
        for _ in range(3):
            show_failed(rules, shown)
        assert measured() == {"churn_intent"}
        show_failed(load_rules(ROOT / "rules"), shown)
    assert measured() == set()
    assert [(one["rule"], one["problem"]) for one in logs] == [("churn_intent", "budget exceeded")]


def test_what_detect_notes_of_failed_rules_is_seen_from_outside_and_kafka_takes_it() -> None:
    rules = load_rules(ROOT / "rules")
    assert failed_rules(rules) is None
    for number in range(20):
        rules.failed[f"{number:050}"] = "\U0001f92f" * 5_000
    failed = failed_rules(rules)
    assert failed
    assert (failed.version, len(failed.problems)) == (rules.version, NOTED)
    topics = {name: TopicAsIs("x" * 36, 1_000) for name in (SCORED, URGENT)}
    note = write_note(Note(topics, 9, KeptStates("x" * 36, 10**15, 10**15), failed))
    assert len(note.encode()) < 4_096
    lag = PartitionLag("nabiz-detect", SCORED, 0, 5, 5, 0, 0.0)
    assert noted_rules([lag, replace(lag, note=note), replace(lag, note="x")]) == (failed,)


def measured() -> set[str]:
    (family,) = metrics.RULE_FAILED.collect()
    return {sample.labels["rule"] for sample in family.samples if sample.value}
