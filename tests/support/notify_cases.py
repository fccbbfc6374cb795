"""Builds alerts, follow-ups and routes for the tests of `notify`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from pipeline.config.groups import ROOT
from pipeline.follow_up.case import Case
from pipeline.follow_up.lone_case import lone_case
from pipeline.follow_up.value import FollowUp, end_of
from pipeline.model.alert import Alert
from pipeline.notify.routes import RoutingTable, load_routing_table
from pipeline.notify.thread import Change, Thread
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


class Published:
    """What `notify` reads of customers with one alert each: its changes, and its case after each.

    A follow-up stands for what people did.
    """

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self._follow_ups: dict[str, FollowUp] = {}

    def __call__(self, *changes: Alert | FollowUp) -> list[Change]:
        return [one for change in changes for one in self._after(change)]

    def _after(self, change: Alert | FollowUp) -> Iterator[Change]:
        if isinstance(change, Alert):
            _keep(self._alerts, change.id, change)
            yield change
            id_ = change.id
        else:
            _keep(self._follow_ups, change.alert_id, change)
            id_ = change.alert_id
        if alert := self._alerts.get(id_):
            yield case_of(alert, self._follow_ups.get(id_))


def _keep(known: dict[str, Any], id_: str, change: Alert | FollowUp) -> None:
    if id_ not in known or known[id_].revision < change.revision:
        known[id_] = change


def case_of(alert: Alert, follow_up: FollowUp | None = None) -> Case:
    """Return the case of the only alert of a customer, as `follow_up` makes it."""
    if follow_up:
        follow_up = replace(follow_up, severity=alert.severity)
        if follow_up.stage == "open" and alert.state != "open":
            stage = "resolved" if alert.state == "resolved" else "expired"
            follow_up = replace(follow_up, stage=stage, end=end_of(alert.state, None))
    made = lone_case(alert, follow_up)
    updated_at = max(made.updated_at, alert.updated_at)
    return replace(made, revision=alert.revision + made.revision, updated_at=updated_at)


def thread(alert: Alert, follow_up: FollowUp | None = None) -> Thread:
    """Return the thread of the only alert of a customer, before anything was told."""
    return Thread(alert.id, MONDAY_NOON, case=case_of(alert, follow_up), alerts=(alert,))


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
