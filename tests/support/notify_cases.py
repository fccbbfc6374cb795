"""Builds alerts, follow-ups and routes for the tests of `notify`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.config.groups import ROOT
from pipeline.follow_up.value import FollowUp
from pipeline.model.alert import Alert
from pipeline.notify.routes import RoutingTable, load_routing_table
from tests.support.alerts import made_up

ISTANBUL = ZoneInfo("Europe/Istanbul")
MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=ISTANBUL)
MONDAY_NIGHT = datetime(2026, 3, 2, 23, tzinfo=ISTANBUL)
ALERT_ID = "6f1d0b5a-0000-4000-8000-000000000001"

ROUTES = """
language: en
time_zone: Europe/Istanbul
update_every: 30m
quiet: night
hours:
  office: {days: [mon, tue, wed, thu, fri], start: "09:00", end: "18:00"}
  night: {start: "22:00", end: "08:00"}
departments:
  billing: [payment_failed]
channels:
  am: {update_every: 0s, quiet: false}
routes:
  - name: all
    channels: [am]
    continue: true
  - name: premium
    segments: [premium]
    channels: [phone, chat]
  - name: critical
    severities: [critical]
    channels: [duty, chat, mail]
  - name: billing
    departments: [billing]
    during: office
    channels: [billing, chat]
  - name: brand
    brands: [Acme]
    outside: office
    channels: [brand]
  - name: rest
    channels: [chat, mail]
"""


def desk(folder: Path, text: str = ROUTES) -> RoutingTable:
    path = folder / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return load_routing_table(path, ROOT / "desk" / "calendar.yaml")


def alert(revision: int = 1, at: datetime = MONDAY_NOON, **fields: Any) -> Alert:
    defaults = {
        "id_": fields.pop("id", ALERT_ID),
        "customer_id": "m-1",
        "opened_at": at - timedelta(minutes=revision),
        "revision": revision,
    }
    return made_up(at=at, **(defaults | fields))


def follow_up(revision: int = 1, at: datetime = MONDAY_NOON, **fields: Any) -> FollowUp:
    defaults: dict[str, Any] = {
        "alert_id": ALERT_ID,
        "customer_id": "m-1",
        "cause": "churn_intent",
        "severity": "high",
        "stage": "open",
        "revision": revision,
        "opened_at": at,
        "updated_at": at,
    }
    return FollowUp(**(defaults | fields))
