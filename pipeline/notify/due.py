"""Computes the due messages of a thread, and the thread after a delivery or a failure."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from msgspec.structs import replace

from pipeline.model.alert import grade
from pipeline.notify.routes import Chain, RoutingTable
from pipeline.notify.thread import DeliveryReceipt, Failure, Kind, Thread

REFUSALS = 8
"""Refusals after which a message is given up: two hours including pauses."""

_SPACE = UUID("8d0c6a52-5f0e-4a0b-9b0e-6f6f3c1f7d11")


class Delivery(NamedTuple):
    """A message to send to a channel at `at` or later.

    `id` depends on the thread, the channel and the number of confirmed messages, so that a message
    sent again after a crash has the same id. `digest`: it was held back for a digest.
    """

    id: str
    channel: str
    kind: Kind
    at: datetime
    digest: bool


def deliveries(thread: Thread, routing: RoutingTable, channels: Collection[str]) -> list[Delivery]:
    """Return the next message to each channel, with the time from which it is due.

    `channels` are those with an address. The first and the last message of a case go to each of
    its channels; updates in between are limited to the channel's rate. Messages that are not
    critical wait for the end of quiet hours. A message that the channel keeps refusing is given up
    until its content changes.
    """
    ringing, targets = _targets(thread, channels)
    due = []
    for channel in targets:
        receipt = thread.told_to(channel)
        kind = _kind(thread, receipt, rings=channel in ringing)
        if kind and thread.alert and thread.refused_by(channel) < REFUSALS:
            due.append(_delivery(thread, routing, channel, receipt, kind))
    return due


def with_receipt(thread: Thread, delivery: Delivery, sent: Thread, now: datetime) -> Thread:
    """Return the thread after the channel confirmed a message rendered from the thread `sent`."""
    before = thread.told_to(delivery.channel)
    receipt = DeliveryReceipt(
        channel=delivery.channel,
        kind=delivery.kind,
        at=now,
        said=sent.fingerprint,
        severity=sent.severity,
        escalation=sent.escalation,
        acknowledged=sent.acknowledged,
        count=before.count + 1 if before else 1,
        dangers=sent.dangers,
        danger_since=sent.danger_since,
    )
    channel = delivery.channel
    others = tuple(other for other in thread.told if other.channel != channel)
    failures = tuple(failure for failure in thread.failures if failure.channel != channel)
    return replace(thread, told=(*others, receipt), failures=failures)


def with_failure(
    thread: Thread, channel: str, sent: Thread, now: datetime, *, refused: bool
) -> Thread:
    """Return the thread after a failed delivery: the next channel of the chain takes over.

    `refused`: the channel will never accept the message rendered from the thread `sent`.
    """
    before, content = thread.failure_of(channel) or Failure(channel, now, 0), sent.fingerprint
    refusals = before.refusals(content) + refused
    failure = Failure(channel, now, before.times + 1, refusals, content)
    others = tuple(other for other in thread.failures if other.channel != channel)
    return replace(thread, failures=(*others, failure))


def _targets(thread: Thread, channels: Collection[str]) -> tuple[set[str], list[str]]:
    """Return the channels that ring at an escalation, and all channels to notify.

    Of a danger all chosen ones ring: what was missed of other causes must silence none of them.
    """
    ringing, targets = set(), [told.channel for told in thread.told if told.channel in channels]
    for chain in thread.chains:
        chosen = _chosen(thread, chain, channels)
        ringing.update(chosen if thread.dangers else chosen[-1:])
        targets += [channel for channel in chosen if channel not in targets]
    return ringing, targets


def _chosen(thread: Thread, chain: Chain, channels: Collection[str]) -> list[str]:
    """Return the first channel of a chain, and one more for each escalation.

    A channel that failed at its first message of this case is skipped; if all failed, each is
    retried until one succeeds.
    """
    available = [channel for channel in chain.channels if channel in channels]
    working = [
        channel
        for channel in available
        if thread.told_to(channel) or not thread.failure_of(channel)
    ]
    return working[: 1 + thread.escalation] or available


def _kind(thread: Thread, receipt: DeliveryReceipt | None, *, rings: bool) -> Kind | None:
    """Return the kind of the next message to a channel, or None."""
    ended = thread.ended
    if thread.absorbed:
        return ended if receipt and not receipt.ended else None
    first: Kind = "escalated" if thread.escalation and rings else "opened"
    if receipt is None:
        # Even a case that ended before it could be sent is first announced as opened.
        return None if ended == "withdrawn" else first
    if ended:
        return None if receipt.ended else ended
    if receipt.ended and not thread.acknowledged:  # a case with an owner does not ring again
        return first
    if rings and thread.escalation > receipt.escalation:
        return "escalated"
    if rings and _has_new_danger(thread, receipt):  # whoever has the case in hand
        return "opened"
    if rings and _has_worsened(thread, receipt):
        return first
    if thread.acknowledged and not receipt.acknowledged:
        return "acknowledged"
    return "updated" if thread.fingerprint != receipt.said else None


def _has_new_danger(thread: Thread, receipt: DeliveryReceipt) -> bool:
    since, told = thread.danger_since, receipt.danger_since
    return thread.dangers > receipt.dangers or bool(since and told and since > told)


def _has_worsened(thread: Thread, receipt: DeliveryReceipt) -> bool:
    """Return whether a graver cause is to ring: nobody has it, and no contact of today counts."""
    case = thread.case
    if case is None or case.stage != "open" or len(case.causes) == 1:
        return False
    if grade(case.severity) <= grade(receipt.severity):
        return False
    recent = case.contact_not_before
    return recent is None or recent <= case.updated_at or case.severity == "critical"


def _delivery(
    thread: Thread, routing: RoutingTable, channel: str, receipt: DeliveryReceipt | None, kind: Kind
) -> Delivery:
    at = thread.seen_at
    if receipt and kind == "updated":
        at = max(at, receipt.at + routing.policy(channel).update_every)
        snoozed = thread.case.snoozed_until if thread.case else None
        at = max(at, snoozed) if snoozed else at
    if failure := thread.failure_of(channel):
        at = max(at, failure.again_at)
    quiet_until = routing.quiet_until(channel, thread.severity, at)
    if quiet_until and thread.ended:
        kind = thread.ended  # the digest shows that it was opened and has ended
    count = receipt.count if receipt else 0
    id_ = uuid5(_SPACE, f"{thread.id}/{channel}/{count}")
    return Delivery(str(id_), channel, kind, quiet_until or at, quiet_until is not None)
