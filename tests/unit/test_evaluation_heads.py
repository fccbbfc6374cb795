"""How readings are measured against all labels of texts."""

from pathlib import Path

import numpy as np

from evaluation.heads import groups_of, is_grave, is_unheard, rows_of
from pipeline.model.reading import Intent, Probabilities, Reading, Topic
from training.texts.corpus import read

LINES = """@ tr telco slang
neg a2 | [net yok](complaint,network_outage-), [gidiyorum](churn)
neu | [faturam](billing=) ne zaman?
pos | [eyvallah](thanks)
agent | [kusura bakmayın](apology)
"""


def reading(label: str, *intents: str, hints: tuple[str, ...] = (), topic: str = "") -> Reading:
    return Reading(
        label,
        Probabilities(0.2, 0.6, 0.2),
        *(0.5, "tr", "fast", "1"),
        intents=tuple(Intent(name, 0, 1) for name in intents),
        topics=(Topic(topic, "neutral", 0, 1),) if topic else (),
        hints=tuple(Intent(name, 0, 1) for name in hints),
    )


def test_intents_acts_and_topics_are_counted_by_text_hints_among_them(tmp_path: Path) -> None:
    (tmp_path / "tr_some.txt").write_text(LINES, "utf-8")
    texts, _ = read([tmp_path / "tr_some.txt"])
    readings = [
        reading("negative", "complaint", hints=("churn",), topic="network_outage"),
        reading("neutral", topic="delivery"),
        reading("positive", "thanks"),
        reading("neutral", "apology"),
    ]
    groups = groups_of(texts, readings)
    assert [len(group.truth) for group in groups.values()] == [3, 1, 4]
    rows = {head.strip(): value for head, _, _, value in rows_of(texts, readings, RNG)}
    assert rows["polarity"] == "1.000"
    assert [rows[name][:4] for name in ("churn", "complaint", "apology")] == ["1.00"] * 3
    assert [rows[name][:4] for name in ("network_outage", "billing")] == ["1.00", "0.00"]
    assert rows["grave texts"] == "0.000"


RNG = np.random.default_rng(1)


def test_a_grave_text_is_unheard_where_nobody_would_act(tmp_path: Path) -> None:
    (tmp_path / "tr_some.txt").write_text(LINES, "utf-8")
    texts, _ = read([tmp_path / "tr_some.txt"])
    assert [is_grave(text) for text in texts] == [True, False, False, False]
    assert is_unheard(reading("positive", "churn"))
    assert is_unheard(reading("neutral", hints=("churn",)))
    assert not is_unheard(reading("neutral", "churn"))
    assert not is_unheard(reading("negative"))
