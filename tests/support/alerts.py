"""Builds alerts with defaults for fields that a test does not set."""

from datetime import datetime
from typing import Any

from pipeline.model.alert import Alert, Contribution, Evidence


def made_up(id_: str, at: datetime, quote: str = "Bir daha asla!", **fields: Any) -> Alert:
    defaults: dict[str, Any] = {
        "cause": "churn_intent",
        "severity": "high",
        "title": "Ayrılmak istiyor",
        "titles": {"tr": "Ayrılmak istiyor", "en": "Wants to leave"},
        "customer_id": "c1",
        "opened_at": at,
        "updated_at": at,
        "state": "open",
        "risk": 0.5,
        "contributions": (Contribution("churn_intent", 0.8, 1.0, ("e1",)),),
        "evidence": (Evidence("e1", quote, 0, len(quote)),) if quote else (),
        "playbook": "Call within the hour.",
        "dedup_key": id_,
        "rules_version": "1",
    }
    return Alert(id_, **(defaults | fields))
