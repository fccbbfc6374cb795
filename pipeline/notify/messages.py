"""What a message says, in Turkish or English; the texts are in texts.yaml.

Its text is plain: each field is one line, whatever customers wrote, and nothing in it is mark-up.
How a service is given plain text is for its channel to know (`pipeline/channels/markup.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec

from pipeline.common.plain_text import one_line
from pipeline.model.alert import Alert, grade
from pipeline.notify.case import Case, Kind
from pipeline.notify.due import Delivery
from pipeline.notify.routes import Language

LONGEST = {"quote": 300, "playbook": 2_000}
"""Characters of a field that a message shows."""
LONGEST_FIELD = 200
"""Characters of any other."""
LISTED = 20
"""Alerts that a digest lists; the rest is a number, and on the board."""


class Notification(msgspec.Struct, frozen=True):
    """What a channel is to bring to people.

    `id` is the same whenever this message is sent again. `alert` is None in a digest; `told_as` is
    the severity that the channel was told before, if any.
    """

    id: str
    kind: Kind
    severity: str
    title: str
    body: str
    link: str
    at: datetime
    alert: Alert | None = None
    told_as: str | None = None

    @property
    def ended(self) -> bool:
        """Whether it is the last one of its alert."""
        return self.kind in ("resolved", "withdrawn")


class _Digest(msgspec.Struct, frozen=True):
    title: str
    line: str
    more: str


class _Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    severities: Mapping[str, str]
    kinds: Mapping[Kind, str]
    in_hand: str
    ends: Mapping[str, str]
    outcomes: Mapping[str, str]
    lines: Mapping[str, str]
    digest: _Digest


@lru_cache
def _texts() -> Mapping[Language, _Texts]:
    path = Path(__file__).with_name("texts.yaml")
    return msgspec.yaml.decode(path.read_bytes(), type=dict[Language, _Texts])


def render(case: Case, delivery: Delivery, language: Language, board: str) -> Notification:
    """Return the message about a case; `board` is the address of the board, without a last `/`.

    A channel that has refused what it says is told the headline and the link alone.
    """
    texts, alert, link = _texts()[language], _alert(case), link_to(case, board)
    follow_up = case.follow_up
    outcome = follow_up.outcome if follow_up else None
    ended = delivery.kind in ("resolved", "withdrawn")
    said = next((one.quote for one in reversed(alert.evidence) if one.quote), "")
    values: dict[str, object] = {
        "customer": alert.customer_id,
        "place": " · ".join(one for one in (alert.brand, alert.segment, alert.channel) if one),
        "quote": said,
        "risk": round(100 * alert.risk),
        "playbook": "" if ended else alert.playbook,
        "owner": follow_up.owner if follow_up else None,
        "outcome": texts.outcomes[outcome] if outcome else None,
        "escalation": case.escalation or None,
        "reopened": follow_up.reopened_at if follow_up and not ended else None,
        "ending": alert.why_ended(language) if ended or case.in_hand_without_cause else "",
        "link": link,
    }
    if case.refused_by(delivery.channel):
        values = dict.fromkeys(values) | {"link": link}
    fields = {
        name: one_line(str(value), LONGEST.get(name, LONGEST_FIELD))
        for name, value in values.items()
        if value is not None
    }
    fields["link"] = link
    lines = [line.format_map(fields) for name, line in texts.lines.items() if fields.get(name)]
    told = case.told_to(delivery.channel)
    return Notification(
        id=delivery.id,
        kind=delivery.kind,
        severity=alert.severity,
        title=_headline(case, delivery.kind, language),
        body="\n".join(lines),
        link=link,
        at=delivery.at,
        alert=alert,
        told_as=told.severity if told else None,
    )


def render_digest(
    held: Sequence[tuple[Case, Delivery]], language: Language, board: str
) -> Notification:
    """Return one message about all that was held back for a channel, the worst first."""
    digest = _texts()[language].digest
    ordered = sorted(held, key=lambda one: (-grade(_alert(one[0]).severity), one[1].at, one[1].id))
    lines = [
        digest.line.format(
            headline=_headline(case, delivery.kind, language),
            customer=one_line(_alert(case).customer_id, LONGEST_FIELD),
            link=link_to(case, board),
        )
        for case, delivery in ordered[:LISTED]
    ]
    if len(held) > LISTED:
        lines.append(digest.more.format(count=len(held) - LISTED))
    ids = sorted(delivery.id for _, delivery in held)
    return Notification(
        id=str(uuid5(UUID(ids[0]), ",".join(ids))),
        kind="updated",
        severity=_alert(ordered[0][0]).severity,
        title=digest.title.format(count=len(held)),
        body="\n".join(lines),
        link=board,
        at=max(delivery.at for _, delivery in held),
    )


def link_to(case: Case, board: str) -> str:
    """Return where the board shows the alert."""
    return f"{board}/alerts/{quote(case.alert_id)}"


def _headline(case: Case, kind: Kind, language: Language) -> str:
    texts, alert, follow_up = _texts()[language], _alert(case), case.follow_up
    if kind in ("resolved", "withdrawn"):
        form = texts.ends.get(case.end or "", texts.ends["by_itself"])
    elif case.in_hand_without_cause and kind != "escalated":
        form = texts.in_hand
    else:
        form = texts.kinds[kind]
    return form.format(
        severity=texts.severities.get(alert.severity, alert.severity),
        title=one_line(alert.titles.get(language) or alert.title, LONGEST_FIELD),
        owner=one_line((follow_up and follow_up.owner) or "–", LONGEST_FIELD),
    )


def _alert(case: Case) -> Alert:
    if case.alert is None:
        raise ValueError("a message is about an alert that came")
    return case.alert
