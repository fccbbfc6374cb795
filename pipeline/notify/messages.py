"""Renders messages in Turkish or English from texts.yaml.

Messages are plain text: each field is one line, whatever customers wrote, without mark-up. Channels
escape them as their service requires (`pipeline/channels/markup.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec

from pipeline.common.languages import Language
from pipeline.common.plain_text import one_line
from pipeline.model.alert import Alert, grade
from pipeline.notify.case import Case, Kind
from pipeline.notify.due import Delivery
from pipeline.text.dangers import tells_of_danger

LONGEST = {"quote": 300, "playbook": 2_000}
"""Maximum lengths of fields in a message, in characters."""
LONGEST_FIELD = 200
"""Maximum length of other fields."""
LISTED = 20
"""Maximum number of alerts that a digest lists; it counts the rest."""


class Notification(msgspec.Struct, frozen=True):
    """A message for a channel to deliver.

    `id` stays the same if the message is sent again. `alert` is None in a digest; `told_as` is the
    severity in the channel's previous message, if any.
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
        """Whether it is the last message of its alert."""
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
    """Return the message about a case; `board` is the URL of the board without a trailing `/`.

    A channel that refused the message before gets only headline and link.
    """
    texts, alert, link = _texts()[language], _alert(case), link_to(case, board)
    follow_up = case.follow_up
    outcome = follow_up.outcome if follow_up else None
    ended = delivery.kind in ("resolved", "withdrawn")
    quote = next((proof.quote for proof in reversed(alert.evidence) if proof.quote), "")
    # What somebody says of their life or health stays on the board, whichever alert quotes it.
    sensitive = alert.in_danger or tells_of_danger(quote)
    risk = None if alert.in_danger else round(100 * alert.risk)
    values: dict[str, object] = {
        "customer": alert.customer_id,
        "place": " · ".join(filter(None, (alert.brand, alert.segment, alert.channel))),
        "quote": "" if sensitive else quote,
        "remark": "" if sensitive else alert.said_beside(language),
        "risk": risk if alert.calibrated else None,
        "score": None if alert.calibrated else risk,
        "playbook": "" if ended else alert.playbook,
        "owner": follow_up.owner if follow_up else None,
        "outcome": texts.outcomes.get(outcome, outcome) if outcome else None,
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
    receipt = case.told_to(delivery.channel)
    return Notification(
        id=delivery.id,
        kind=delivery.kind,
        severity=alert.severity,
        title=_headline(case, delivery.kind, language),
        body="\n".join(lines),
        link=link,
        at=delivery.at,
        alert=alert,
        told_as=receipt.severity if receipt else None,
    )


def render_digest(
    held: Sequence[tuple[Case, Delivery]], language: Language, board: str
) -> Notification:
    """Return the digest of a channel's held-back messages, most severe first."""
    digest = _texts()[language].digest
    ordered = sorted(
        held, key=lambda pair: (-grade(_alert(pair[0]).severity), pair[1].at, pair[1].id)
    )
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
    """Return the URL of the alert on the board."""
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
        raise ValueError("a message needs an alert")
    return case.alert
