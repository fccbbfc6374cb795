"""Who was warned of before leaving, how long before, and who was not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from pipeline.kpi.estimates import share
from pipeline.model.alert import Alert
from pipeline.model.reading import Scored
from pipeline.risk.leaving import departures

IN_TIME: Final = timedelta(days=5)
"""How long before leaving a warning must come to be of use."""
RECENT: Final = timedelta(days=90)
"""How long before leaving an alert counts as a warning of it."""
SIGNS: Final = 5
"""Most last signs of an unwarned customer."""
LEADS: Final[tuple[tuple[str, timedelta], ...]] = (
    ("under 1 day", timedelta(days=1)),
    ("1 to 5 days", IN_TIME),
    ("5 to 10 days", timedelta(days=10)),
    ("10 to 30 days", timedelta(days=30)),
    ("30 days or more", RECENT),
)
"""The classes of lead times by their upper ends; the last one includes it."""


class Sign(msgspec.Struct, frozen=True):
    """An event before leaving: without its text, since a report is passed on."""

    at: datetime
    type: str
    channel: str
    label: str


class Unwarned(msgspec.Struct, frozen=True):
    """A customer who left without a warning in time.

    `warned_at` is when the first alert opened, too late; `signs` are the last events before
    leaving, newest first.
    """

    customer_id: str
    left_at: datetime
    warned_at: datetime | None
    signs: tuple[Sign, ...]


class MissedWarnings(msgspec.Struct, frozen=True):
    """Of the departures in `[start, end)`, those with a warning in time.

    `share` is in per cent, with its 95% Wilson interval. `leads` counts departures by the time from
    the first warning to leaving, including "no warning".
    """

    start: datetime
    end: datetime
    left: int
    warned: int
    share: float | None
    ci_low: float | None
    ci_high: float | None
    leads: dict[str, int]
    unwarned: tuple[Unwarned, ...]


class Leaver(NamedTuple):
    """A customer's departure, and when an alert first warned of it."""

    customer_id: str
    left_at: datetime
    warned_at: datetime | None
    before: Sequence[Scored]

    @property
    def lead(self) -> timedelta | None:
        """The time from the first warning to leaving."""
        return self.left_at - self.warned_at if self.warned_at else None

    @property
    def in_time(self) -> bool:
        """Whether the first warning came in time."""
        return self.lead is not None and self.lead >= IN_TIME


def leavers_of(
    history: Sequence[Scored], alerts: Iterable[Alert], start: datetime, end: datetime
) -> list[Leaver]:
    """Return the departures of one customer in `[start, end)`.

    `history` holds the customer's events, oldest first. A warning is an alert that was not
    withdrawn and opened before leaving, at most `RECENT` before, and since the last return.
    """
    opened = sorted(alert.opened_at for alert in alerts if alert.state != "withdrawn")
    found, since = [], datetime.min.replace(tzinfo=start.tzinfo)
    for left in departures(history):
        if start <= left.at < end:
            earliest = max(since, left.at - RECENT)
            warned_at = next((at for at in opened if earliest <= at < left.at), None)
            before = [one for one in history if one.counted and one.event.occurred_at < left.at]
            found.append(Leaver(history[0].event.customer_id, left.at, warned_at, before))
        since = left.back or left.at
    return found


def missed_warnings(leavers: Sequence[Leaver], start: datetime, end: datetime) -> MissedWarnings:
    """Return the report on all departures in `[start, end)`, the last unwarned first."""
    warned = sum(one.in_time for one in leavers)
    estimate = share(warned, len(leavers))
    leads = Counter(map(_class_of, leavers))
    missed = sorted((one for one in leavers if not one.in_time), key=lambda one: one.left_at)
    return MissedWarnings(
        start,
        end,
        len(leavers),
        warned,
        estimate.value,
        estimate.ci_low,
        estimate.ci_high,
        {name: leads[name] for name in ("no warning", *(name for name, _ in LEADS))},
        tuple(map(_unwarned, reversed(missed))),
    )


def _class_of(leaver: Leaver) -> str:
    lead = leaver.lead
    if lead is None:
        return "no warning"
    return next((name for name, end in LEADS if lead < end), LEADS[-1][0])


def _unwarned(leaver: Leaver) -> Unwarned:
    return Unwarned(
        leaver.customer_id,
        leaver.left_at,
        leaver.warned_at,
        tuple(map(_sign, reversed(leaver.before[-SIGNS:]))),
    )


def _sign(scored: Scored) -> Sign:
    event, reading = scored.event, scored.reading
    return Sign(event.occurred_at, event.type, event.channel, reading.label if reading else "")
