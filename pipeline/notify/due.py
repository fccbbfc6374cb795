"""Computes the due messages of a case, and the case after a delivery or a failure."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from msgspec.structs import replace

from pipeline.notify.case import Case, DeliveryReceipt, Failure, Kind
from pipeline.notify.routes import Chain, RoutingTable

REFUSALS = 8
"""Refusals after which a message is given up: two hours including pauses."""

_SPACE = UUID("8d0c6a52-5f0e-4a0b-9b0e-6f6f3c1f7d11")


class Delivery(NamedTuple):
    """A message to send to a channel at `at` or later.

    `id` depends on the alert, the channel and the number of confirmed messages, so that a message
    sent again after a crash has the same id. `digest`: it was held back for a digest.
    """

    id: str
    channel: str
    kind: Kind
    at: datetime
    digest: bool


def deliveries(case: Case, routing: RoutingTable, channels: Collection[str]) -> list[Delivery]:
    """Return the next message to each channel, with the time from which it is due.

    `channels` are those with an address. The first and the last message of an alert go to each of
    its channels; updates in between are limited to the channel's rate. Messages that are not
    critical wait for the end of quiet hours. A message that the channel keeps refusing is given up
    until its content changes.
    """
    ringing, targets = _targets(case, channels)
    due = []
    for channel in targets:
        receipt = case.told_to(channel)
        kind = _kind(case, receipt, rings=channel in ringing)
        if kind and case.alert and case.refused_by(channel) < REFUSALS:
            due.append(_delivery(case, routing, channel, receipt, kind))
    return due


def with_receipt(case: Case, delivery: Delivery, sent: Case, now: datetime) -> Case:
    """Return the case after the channel confirmed a message rendered from the case `sent`."""
    before = case.told_to(delivery.channel)
    receipt = DeliveryReceipt(
        channel=delivery.channel,
        kind=delivery.kind,
        at=now,
        said=sent.fingerprint,
        severity=sent.alert.severity if sent.alert else "low",
        escalation=sent.escalation,
        acknowledged=sent.acknowledged,
        count=before.count + 1 if before else 1,
    )
    channel = delivery.channel
    others = tuple(other for other in case.told if other.channel != channel)
    failures = tuple(failure for failure in case.failures if failure.channel != channel)
    return replace(case, told=(*others, receipt), failures=failures)


def with_failure(case: Case, channel: str, sent: Case, now: datetime, *, refused: bool) -> Case:
    """Return the case after a failed delivery: the next channel of the chain takes over.

    `refused`: the channel will never accept the message rendered from the case `sent`.
    """
    before, content = case.failure_of(channel) or Failure(channel, now, 0), sent.fingerprint
    refusals = before.refusals(content) + refused
    failure = Failure(channel, now, before.times + 1, refusals, content)
    others = tuple(other for other in case.failures if other.channel != channel)
    return replace(case, failures=(*others, failure))


def _targets(case: Case, channels: Collection[str]) -> tuple[set[str], list[str]]:
    """Return the channels that ring at an escalation, and all channels to notify."""
    ringing, targets = set(), [told.channel for told in case.told if told.channel in channels]
    for chain in case.chains:
        chosen = _chosen(case, chain, channels)
        ringing.update(chosen[-1:])
        targets += [channel for channel in chosen if channel not in targets]
    return ringing, targets


def _chosen(case: Case, chain: Chain, channels: Collection[str]) -> list[str]:
    """Return the first channel of a chain, and one more for each escalation.

    A channel that failed at its first message of this alert is skipped; if all failed, each is
    retried until one succeeds.
    """
    available = [channel for channel in chain.channels if channel in channels]
    working = [
        channel for channel in available if case.told_to(channel) or not case.failure_of(channel)
    ]
    return working[: 1 + case.escalation] or available


def _kind(case: Case, receipt: DeliveryReceipt | None, *, rings: bool) -> Kind | None:
    """Return the kind of the next message to a channel, or None."""
    ended = case.ended
    first: Kind = "escalated" if case.escalation and rings else "opened"
    if receipt is None:
        # Even an alert that ended before it could be sent is first announced as opened.
        return None if ended == "withdrawn" else first
    if ended:
        return None if receipt.ended else ended
    if receipt.ended and not case.acknowledged:  # an alert with an owner does not ring again
        return first
    if rings and case.escalation > receipt.escalation:
        return "escalated"
    if case.acknowledged and not receipt.acknowledged:
        return "acknowledged"
    return "updated" if case.fingerprint != receipt.said else None


def _delivery(
    case: Case, routing: RoutingTable, channel: str, receipt: DeliveryReceipt | None, kind: Kind
) -> Delivery:
    at = case.seen_at
    if receipt and kind == "updated":
        at = max(at, receipt.at + routing.policy(channel).update_every)
        snoozed = case.follow_up.snoozed_until if case.follow_up else None
        at = max(at, snoozed) if snoozed else at
    if failure := case.failure_of(channel):
        at = max(at, failure.again_at)
    severity = case.alert.severity if case.alert else "low"
    quiet_until = routing.quiet_until(channel, severity, at)
    if quiet_until and case.ended:
        kind = case.ended  # the digest shows that it was opened and has ended
    count = receipt.count if receipt else 0
    id_ = uuid5(_SPACE, f"{case.alert_id}/{channel}/{count}")
    return Delivery(str(id_), channel, kind, quiet_until or at, quiet_until is not None)
