"""Merges events, alerts and actions of a customer into one timeline. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from pipeline.board.localizer import Localizer
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from pipeline.model.reading import Scored

Piece = tuple[str, bool]
"""A part of a text, and whether to mark it."""


class TimelineEntry(NamedTuple):
    """An event, the opening of an alert, or an action (about `alert`)."""

    at: datetime
    scored: Scored | None = None
    pieces: tuple[Piece, ...] = ()
    alert: Alert | None = None
    action: Action | None = None


def timeline(
    events: Sequence[Scored], alerts: Sequence[Alert], actions: Sequence[Action]
) -> list[TimelineEntry]:
    """Return the entries, newest first, with the quotes of alerts marked."""
    quoted: dict[str, list[tuple[int, int]]] = {}
    for alert in alerts:
        for evidence in alert.evidence:
            quoted.setdefault(evidence.event_id, []).append((evidence.start, evidence.end))
    entries = [
        TimelineEntry(
            scored.event.occurred_at,
            scored=scored,
            pieces=tuple(pieces(scored.event.text or "", quoted.get(scored.event.event_id, ()))),
        )
        for scored in events
    ]
    entries += [TimelineEntry(alert.opened_at, alert=alert) for alert in alerts]
    of = {alert.id: alert for alert in alerts}
    entries += [
        TimelineEntry(action.at, action=action, alert=of.get(action.alert_id)) for action in actions
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.scored is None), reverse=True)


def pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[Piece]:
    """Split a text at spans `[start, end)`, which may overlap or exceed it."""
    cut: list[Piece] = []
    at = 0
    for start, end in sorted(spans):
        start, end = max(at, start), min(end, len(text))
        if start < end:
            cut += [(text[at:start], False), (text[start:end], True)]
            at = end
    return [piece for piece in (*cut, (text[at:], False)) if piece[0]]


def by_day(
    entries: Iterable[TimelineEntry], say: Localizer
) -> list[tuple[str, list[TimelineEntry]]]:
    """Group entries by day in the time zone of the desk."""
    grouped = groupby(entries, key=lambda entry: say.day(entry.at))
    return [(day, list(of)) for day, of in grouped]
