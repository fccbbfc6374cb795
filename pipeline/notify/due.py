"""Which messages of a case are due, and what the case is once a channel has taken or failed one."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from msgspec.structs import replace

from pipeline.notify.case import Case, DeliveryReceipt, Failure, Kind
from pipeline.notify.routes import Chain, RoutingTable

REFUSALS = 8
"""Refusals of a message, two hours with their pauses, after which it is given up."""

_SPACE = UUID("8d0c6a52-5f0e-4a0b-9b0e-6f6f3c1f7d11")


class Delivery(NamedTuple):
    """A message that a channel is to be sent at `at`, or later.

    `id` depends on the alert, the channel and how many messages it has confirmed: one that is sent
    again after a crash has the same. `digest`: it was held back, and comes with others.
    """

    id: str
    channel: str
    kind: Kind
    at: datetime
    digest: bool


def deliveries(case: Case, desk: RoutingTable, channels: Collection[str]) -> list[Delivery]:
    """Return the next message to each channel, with the time from which it is due.

    `channels` are those that have an address. The first and the last message of an alert go to
    every channel that hears of it; updates between them at most at the channel's rate. What is not
    critical waits for the end of quiet hours. A message that the channel takes in no form is given
    up, until the alert has something else to say.
    """
    ringing, targets = _targets(case, channels)
    found = []
    for channel in targets:
        told = case.told_to(channel)
        kind = _kind(case, told, rings=channel in ringing)
        if kind and case.alert and case.refused_by(channel) < REFUSALS:
            found.append(_delivery(case, desk, channel, told, kind))
    return found


def taken(case: Case, delivery: Delivery, sent: Case, now: datetime) -> Case:
    """Return the case once the channel has confirmed a message about it as it was (`sent`)."""
    before = case.told_to(delivery.channel)
    told = DeliveryReceipt(
        channel=delivery.channel,
        kind=delivery.kind,
        at=now,
        said=sent.said,
        severity=sent.alert.severity if sent.alert else "low",
        escalation=sent.escalation,
        acknowledged=sent.acknowledged,
        count=before.count + 1 if before else 1,
    )
    others = tuple(one for one in case.told if one.channel != delivery.channel)
    failures = tuple(one for one in case.failures if one.channel != delivery.channel)
    return replace(case, told=(*others, told), failures=failures)


def failed(case: Case, channel: str, sent: Case, now: datetime, *, refused: bool) -> Case:
    """Return the case once a channel has not taken a message: the next of its chain is asked.

    `refused`: it does not take a message about the case as it was (`sent`), now or later.
    """
    before, said = case.failure_of(channel) or Failure(channel, now, 0), sent.said
    failure = Failure(channel, now, before.times + 1, before.refusals(said) + refused, said)
    others = tuple(one for one in case.failures if one.channel != channel)
    return replace(case, failures=(*others, failure))


def _targets(case: Case, channels: Collection[str]) -> tuple[set[str], list[str]]:
    """Return the channels that ring at an escalation, and all that are to be told."""
    ringing, targets = set(), [one.channel for one in case.told if one.channel in channels]
    for chain in case.chains:
        chosen = _chosen(case, chain, channels)
        ringing.update(chosen[-1:])
        targets += [channel for channel in chosen if channel not in targets]
    return ringing, targets


def _chosen(case: Case, chain: Chain, channels: Collection[str]) -> list[str]:
    """Return the first channel of a chain, and one more for each escalation.

    One that failed at its first message of this alert is passed over; where all have, each is
    tried again until one takes it.
    """
    there = [channel for channel in chain.channels if channel in channels]
    up = [one for one in there if case.told_to(one) or not case.failure_of(one)]
    return up[: 1 + case.escalation] or there


def _kind(case: Case, told: DeliveryReceipt | None, *, rings: bool) -> Kind | None:
    """Return what a channel has to be told next, if anything."""
    ended = case.ended
    first: Kind = "escalated" if case.escalation and rings else "opened"
    if told is None:
        # Opened and closed before it could be sent: both are told, for the first always is.
        return None if ended == "withdrawn" else first
    if ended:
        return None if told.ended else ended
    if told.ended and not case.acknowledged:  # what somebody has in hand rings nobody anew
        return first
    if rings and case.escalation > told.escalation:
        return "escalated"
    if case.acknowledged and not told.acknowledged:
        return "acknowledged"
    return "updated" if case.said != told.said else None


def _delivery(
    case: Case, desk: RoutingTable, channel: str, told: DeliveryReceipt | None, kind: Kind
) -> Delivery:
    at = case.seen_at
    if told and kind == "updated":
        at = max(at, told.at + desk.policy(channel).update_every)
        snoozed = case.follow_up.snoozed_until if case.follow_up else None
        at = max(at, snoozed) if snoozed else at
    if failure := case.failure_of(channel):
        at = max(at, failure.again_at)
    severity = case.alert.severity if case.alert else "low"
    quiet_until = desk.quiet_until(channel, severity, at)
    if quiet_until and case.ended:
        kind = case.ended  # the digest says that it was opened, and that it is over
    count = told.count if told else 0
    id_ = uuid5(_SPACE, f"{case.alert_id}/{channel}/{count}")
    return Delivery(str(id_), channel, kind, quiet_until or at, quiet_until is not None)
