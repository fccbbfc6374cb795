"""Writes folders of rules, and evaluates them on messages."""

from pathlib import Path

import msgspec

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import RuleSet, load_rules
from pipeline.model.reading import Scored

RULE = """\
name: {name}
description: A message that says something.
condition: |
  {condition}
weight: 0.5
alert: {{severity: high, title: {{tr: Konu, en: Matter}}, playbook: {{tr: Ara., en: Call.}}}}
fixtures:
  fires:
    - - {{type: message, text: Alo}}
  silent:
    - - {{type: survey}}
"""

TEN = str(list(range(10)))


def loops(depth: int, over: str = TEN) -> str:
    return "".join(f"{over}.all(v{n}, " for n in range(depth)) + "true" + ")" * depth


def growing(times: int, start: str) -> str:
    """Return a condition whose text or list doubles with each iteration of a loop."""
    names = [start, *(f"v{n}" for n in range(times))]
    opened = "".join(f"[{names[n]} + {names[n]}].all({names[n + 1]}, " for n in range(times))
    return f"{opened}{names[times]}.size() > 0{')' * times}"


def folder_of(folder: Path, **conditions: str) -> Path:
    for name, condition in conditions.items():
        text = RULE.format(name=name, condition=condition)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def message(event_id: str, **fields: object) -> Scored:
    """Return a message like the fixture's; its id determines its order."""
    scored = load_rules(ROOT / "rules").by_cause["furious_message"].fires[0][0]
    event = msgspec.structs.replace(scored.event, event_id=event_id, **fields)
    return msgspec.structs.replace(scored, event=event)


def fired(rules: RuleSet, scored: Scored) -> set[str]:
    state, _ = apply(None, [Arrival(scored, 0, 0)], rules, DetectSettings())
    return set(state.head.fired)
