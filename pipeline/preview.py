"""Explains the reading of one text, and which rules a message with only this text would meet."""

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
    """The explanation of a text. `text` is masked; the positions in `explanation` refer to it.

    `calibrated`: `risk` is a probability, else a score.
    """

    text: str
    explanation: Explanation
    risk: float
    rules: tuple[Contribution, ...]
    calibrated: bool = False


def why(
    text: str,
    engine: Engine,
    rules: RuleSet,
    settings: DetectSettings,
    now: datetime,
    language: str | None = None,
) -> Why:
    """Explain a text as if a customer had just sent it; nothing is stored."""
    event = redact_event(Event("explained", now, "customer", "chat", EventType.MESSAGE, text=text))
    masked = event.text or ""
    explanation = explain(masked, engine, language)
    risk, met = met_rules(Scored(event, explanation.reading, now), rules, settings)
    return Why(masked, explanation, risk, met, settings.fitted is not None)
