"""Why one text is read as it is, and which rules a message with this text alone would meet."""

from datetime import datetime

import msgspec

from pipeline.config.groups import DetectSettings
from pipeline.detection.met_rules import met_rules
from pipeline.detection.rules import RuleSet
from pipeline.ingest.privacy import redact_event
from pipeline.model.alert import Contribution
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.engine import Engine
from pipeline.text.explain import Explanation, explain


class Why(msgspec.Struct, frozen=True):
    """`text` is without personal data; the explanation's places are places in it."""

    text: str
    explanation: Explanation
    risk: float
    rules: tuple[Contribution, ...]


def why(
    text: str,
    engine: Engine,
    rules: RuleSet,
    settings: DetectSettings,
    now: datetime,
    language: str | None = None,
) -> Why:
    """Treat a text as a customer's message of this moment. Nothing of it is kept."""
    event = redact_event(Event("explained", now, "customer", "chat", EventType.MESSAGE, text=text))
    seen = event.text or ""
    explanation = explain(seen, engine, language)
    risk, met = met_rules(Scored(event, explanation.reading, now), rules, settings)
    return Why(seen, explanation, risk, met)
