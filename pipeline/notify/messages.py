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
from pipeline.notify.due import Delivery
from pipeline.notify.thread import Kind, Thread
from pipeline.text.dangers import tells_of_danger

LONGEST = {"quote": 300, "playbook": 2_000}
"""Maximum lengths of fields in a message, in characters."""
LONGEST_FIELD = 200
"""Maximum length of other fields."""
LISTED = 20
"""Maximum number of cases that a digest lists; it counts the rest."""


class Notification(msgspec.Struct, frozen=True):
    """A message for a channel to deliver.

    `id` stays the same if the message is sent again. `alert`, by which channels know the thread, is
    the first of the case, and None in a digest; `told_as` is the severity in the channel's previous
    message, if any.
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
        """Whether it is the last message of its case."""
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


def render(thread: Thread, delivery: Delivery, language: Language, board: str) -> Notification:
    """Return the message about a case; `board` is the URL of the board without a trailing `/`.

    A channel that refused the message before gets only headline and link.
    """
    texts, alert, link = _texts()[language], _alert(thread), link_to(thread, board)
    case = thread.case
    outcome = case.outcome if case else None
    ended = delivery.kind in ("resolved", "withdrawn")
    quote = next((proof.quote for proof in reversed(alert.evidence) if proof.quote), "")
    # What somebody says of their life or health stays on the board, whichever alert quotes it.
    sensitive = alert.in_danger or tells_of_danger(quote)
    risk = None if alert.in_danger else round(100 * max(one.risk for one in thread.alerts))
    values: dict[str, object] = {
        "customer": alert.customer_id,
        "place": " · ".join(filter(None, (alert.brand, alert.segment, alert.channel))),
        "quote": "" if sensitive else quote,
        "also": ", ".join(_title(other, language) for other in _others(thread)),
        "remark": "" if sensitive else alert.said_beside(language),
        "risk": risk if alert.calibrated else None,
        "score": None if alert.calibrated else risk,
        "playbook": "" if ended else alert.playbook,
        "owner": case.owner if case else None,
        "outcome": texts.outcomes.get(outcome, outcome) if outcome else None,
        "escalation": thread.escalation or None,
        "reopened": case.reopened_at if case and not ended else None,
        "ending": alert.why_ended(language) if ended or thread.in_hand_without_cause else "",
        "link": link,
    }
    if thread.refused_by(delivery.channel):
        values = dict.fromkeys(values) | {"link": link}
    fields = {
        name: one_line(str(value), LONGEST.get(name, LONGEST_FIELD))
        for name, value in values.items()
        if value is not None
    }
    fields["link"] = link
    lines = [line.format_map(fields) for name, line in texts.lines.items() if fields.get(name)]
    receipt = thread.told_to(delivery.channel)
    return Notification(
        id=delivery.id,
        kind=delivery.kind,
        severity=thread.severity,
        title=_headline(thread, delivery.kind, language),
        body="\n".join(lines),
        link=link,
        at=delivery.at,
        alert=thread.first_alert,
        told_as=receipt.severity if receipt else None,
    )


def render_digest(
    held: Sequence[tuple[Thread, Delivery]], language: Language, board: str
) -> Notification:
    """Return the digest of a channel's held-back messages, most severe first."""
    digest = _texts()[language].digest
    ordered = sorted(held, key=lambda pair: (-grade(pair[0].severity), pair[1].at, pair[1].id))
    lines = [
        digest.line.format(
            headline=_headline(thread, delivery.kind, language),
            customer=one_line(_alert(thread).customer_id, LONGEST_FIELD),
            link=link_to(thread, board),
        )
        for thread, delivery in ordered[:LISTED]
    ]
    if len(held) > LISTED:
        lines.append(digest.more.format(count=len(held) - LISTED))
    ids = sorted(delivery.id for _, delivery in held)
    return Notification(
        id=str(uuid5(UUID(ids[0]), ",".join(ids))),
        kind="updated",
        severity=ordered[0][0].severity,
        title=digest.title.format(count=len(held)),
        body="\n".join(lines),
        link=board,
        at=max(delivery.at for _, delivery in held),
    )


def link_to(thread: Thread, board: str) -> str:
    """Return the URL of the case on the board."""
    return f"{board}/alerts/{quote(thread.id)}"


def _headline(thread: Thread, kind: Kind, language: Language) -> str:
    texts, alert, case = _texts()[language], _alert(thread), thread.case
    if kind in ("resolved", "withdrawn"):
        form = texts.ends.get(thread.end or "", texts.ends["by_itself"])
    elif thread.in_hand_without_cause and kind != "escalated":
        form = texts.in_hand
    else:
        form = texts.kinds[kind]
    return form.format(
        severity=texts.severities.get(thread.severity, thread.severity),
        title=_title(alert, language),
        owner=one_line((case and case.owner) or "–", LONGEST_FIELD),
    )


def _title(alert: Alert, language: Language) -> str:
    return one_line(alert.titles.get(language) or alert.title, LONGEST_FIELD)


def _others(thread: Thread) -> list[Alert]:
    """Return the alerts of the other open causes, gravest first."""
    case, known = thread.case, {alert.id: alert for alert in thread.alerts}
    ids = [cause.alert_id for cause in case.causes if not cause.ended] if case else []
    return [known[id_] for id_ in ids if id_ in known and known[id_] is not thread.alert]


def _alert(thread: Thread) -> Alert:
    if thread.alert is None:
        raise ValueError("a message needs an alert")
    return thread.alert
