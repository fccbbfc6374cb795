"""Matches alerts with truths: what was found, when, and what rang in vain."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import NamedTuple, TypeAlias

import msgspec

from pipeline.model.alert import Alert
from pipeline.sources.simulate import Truth

ByCustomer: TypeAlias = Mapping[str, Sequence[Truth]]


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of alert in `kinds.yaml`: the causes that raise it, and kinds of truths.

    It should ring for what it `finds`, may for what it names `also`, must not for what it `spares`.
    Where it is open, what it `covers` needs no alert of its own kind.
    """

    name: str
    causes: tuple[str, ...]
    finds: tuple[str, ...]
    also: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()


class Score(NamedTuple):
    """How alerts of a kind did: `right` of `alerts`, `found` of `wanted` truths.

    One alert of any kind that should find a truth is enough: a second one would be noise.
    `after` is how long after it could first be known each truth was found, `ahead` how long before
    the end of the time in which that helps.
    """

    alerts: int
    right: int
    wanted: int
    found: int
    after: list[timedelta]
    ahead: list[timedelta]


class Recalled(NamedTuple):
    """A kind of truth that must ring: how many, found by alerts of its kind, and by any."""

    wanted: int
    found: int
    by_any: int


class Spared(NamedTuple):
    """A kind of truth that must not ring: how many, how many rang, how often, over how long."""

    truths: int
    rung: int
    alerts: int
    lasted: timedelta


def kinds() -> list[Kind]:
    """Return the kinds of alerts in the order of tables."""
    text = files("evaluation.detection").joinpath("kinds.yaml").read_text("utf-8")
    return msgspec.yaml.decode(text, type=list[Kind])


def score(
    kind: Kind, among: Sequence[Kind], alerts: Sequence[Alert], truths: Iterable[Truth]
) -> Score:
    """Compare the alerts of a kind with the truths that it should find."""
    mine = [alert for alert in alerts if alert.cause in kind.causes]
    truths = list(truths)
    wanted = [t for t in truths if t.kind in kind.finds and t.expects == "alert"]
    facts = _rightly(kind, truths)
    rung = {one: _rung_for(one, among, alerts) for one in kind.finds}
    found = [(truth, _that_finds(truth, rung[truth.kind][truth.customer_id])) for truth in wanted]
    fresh = [(t, a) for t, a in found if a is not None and a.opened_at >= t.at]
    return Score(
        len(mine),
        sum(_is_right(alert, facts) for alert in mine),
        len(wanted),
        sum(alert is not None for _, alert in found),
        [alert.opened_at - truth.at for truth, alert in fresh],
        [truth.until - alert.opened_at for truth, alert in fresh],
    )


def recalled(
    kind: str, among: Sequence[Kind], alerts: Sequence[Alert], truths: Iterable[Truth]
) -> Recalled:
    """Say how many truths of a kind that must ring were found."""
    wanted = [truth for truth in truths if truth.kind == kind and truth.expects == "alert"]
    own = _rung_for(kind, among, alerts)
    every = _first_alerts(alerts)
    return Recalled(
        len(wanted),
        sum(_that_finds(truth, own[truth.customer_id]) is not None for truth in wanted),
        sum(_that_finds(truth, every[truth.customer_id]) is not None for truth in wanted),
    )


def spared(
    kind: str, among: Sequence[Kind], alerts: Sequence[Alert], truths: Sequence[Truth]
) -> Spared:
    """Say how often truths of a kind that must not ring did so all the same."""
    quiet = [truth for truth in truths if truth.kind == kind and truth.expects == "silence"]
    wrong: list[Alert] = []
    for one in among:
        if kind in one.spares:
            facts = _rightly(one, truths)
            mine = (alert for alert in alerts if alert.cause in one.causes)
            wrong += (alert for alert in mine if not _is_right(alert, facts))
    rung = _first_alerts(wrong)
    during = [
        [alert for alert in rung[truth.customer_id] if truth.at <= alert.opened_at <= truth.until]
        for truth in quiet
    ]
    lasted = sum((truth.until - truth.at for truth in quiet), timedelta())
    return Spared(len(quiet), sum(map(bool, during)), sum(map(len, during)), lasted)


def _rightly(kind: Kind, truths: Iterable[Truth]) -> ByCustomer:
    """Return the truths that make an alert of a kind right, by customer."""
    facts: defaultdict[str, list[Truth]] = defaultdict(list)
    for truth in truths:
        if truth.kind in (*kind.finds, *kind.also) and truth.expects != "silence":
            facts[truth.customer_id].append(truth)
    return facts


def _rung_for(
    truth: str, among: Iterable[Kind], alerts: Iterable[Alert]
) -> defaultdict[str, list[Alert]]:
    """Return the alerts of the kinds that find or cover a kind of truth, by customer, in order."""
    kinds = [kind for kind in among if truth in (*kind.finds, *kind.covers)]
    causes = {cause for kind in kinds for cause in kind.causes}
    return _first_alerts(alert for alert in alerts if alert.cause in causes)


def _first_alerts(alerts: Iterable[Alert]) -> defaultdict[str, list[Alert]]:
    """Return alerts by customer, in the order in which they were opened."""
    rung: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in sorted(alerts, key=lambda alert: alert.opened_at):
        rung[alert.customer_id].append(alert)
    return rung


def _that_finds(truth: Truth, rung: Sequence[Alert]) -> Alert | None:
    """Return the first alert of a customer that was open at some time while it would help."""
    return next(
        (
            alert
            for alert in rung
            if alert.opened_at <= truth.until
            and (alert.closed_at is None or alert.closed_at >= truth.at)
        ),
        None,
    )


def _is_right(alert: Alert, facts: ByCustomer) -> bool:
    mine = facts.get(alert.customer_id, ())
    return any(truth.at <= alert.opened_at <= truth.until for truth in mine)
