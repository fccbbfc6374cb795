"""Faults of missing or invalid data in Kafka and on disks; like `faults`, by a random seed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec

from benchmarks.chaos.faults import Dose, fill, moments, with_state
from benchmarks.chaos.load import Message
from benchmarks.chaos.system import ROLES, System
from pipeline.contracts.topology import (
    CHANGELOG,
    FEEDBACK,
    INTERACTIONS,
    SCORED,
    group_of,
)

COPIES = 40
"""Messages sent in addition to the load: of events already counted, or never to be counted."""
NEVER = "9999"
"""Prefix of ids that must not be stored."""
STAMPS = (-1, 0, 1_000, -99_999_999_999_999, 1_700_000_000)
"""Invalid timestamps in ms, as of producers without a clock, or with one in seconds."""
SOURCES = (INTERACTIONS, FEEDBACK)
READERS = ("understand", "triage")


def records_expired(system: System, dose: Dose, rng: Random) -> None:
    """Delete messages before they are read; they are copies, which do not count."""
    for share in moments(rng, dose.times):
        system.reached("understand", share)
        with system.apart(*READERS):
            readers = [name for role in READERS for name in system.workers.of(role)]
            system.workers.stop(*readers)
            asyncio.run(_send(system, _copies(system, rng)))
            _delete_records(system)
            for name in readers:
                system.workers.start(name)
        system.fault("messages expired unread")


def topic_recreated(system: System, dose: Dose, rng: Random) -> None:
    """Delete a topic while it is consumed, and recreate it."""
    for share in moments(rng, dose.times):
        system.reached("record", share)
        topic = rng.choice((SCORED, *SOURCES))
        with system.apart(*ROLES):
            system.make_anew(topic)
        system.fault(f"{topic} made anew")


def partitions_added(system: System, dose: Dose, rng: Random) -> None:
    """Add partitions to the sources' topics while they are consumed."""
    for share in moments(rng, dose.times):
        system.reached("understand", share)
        with system.apart():
            system.grow(*SOURCES)
        system.fault("partitions added")


def odd_stamps(system: System, dose: Dose, rng: Random) -> None:
    """Send copies with impossible timestamps."""
    _set(system, "message.timestamp.type", "CreateTime")
    for share in moments(rng, dose.times):
        system.reached("understand", share)
        with system.apart():
            asyncio.run(_send(system, _copies(system, rng), stamps=STAMPS))
        system.fault("absurd stamps")


def taken_back(system: System, dose: Dose, rng: Random) -> None:
    """Send messages in a transaction, and abort it."""
    for number, share in enumerate(moments(rng, dose.times)):
        system.reached("understand", share)
        never = [
            one._replace(value=one.value.replace(one.event_id.encode(), NEVER.encode()))
            for one in _copies(system, rng)
        ]
        with system.apart():
            asyncio.run(_send(system, never, transaction=f"taken-back-{number}"))
        system.fault("transaction aborted")


def damaged_state(system: System, dose: Dose, rng: Random) -> None:
    """Restart `detect` and `follow_up` in turn on local files of which half are corrupt."""
    for number, share in enumerate(moments(rng, dose.times)):
        worker = with_state(system, share, number, rng)
        system.workers.kill(worker)
        system.workers.damage_state(worker, rng)
        system.workers.start(worker)
        system.fault("local states damaged")


def changelog_gone(system: System, dose: Dose, rng: Random) -> None:
    """Delete the changelog of the running `detect`; it halts, and is started afresh."""
    for share in moments(rng, dose.times):
        system.reached("detect", share)
        [worker] = system.workers.of("detect")
        system.workers.may_halt(worker)
        system.delete(CHANGELOG)
        system.until("detect halts", lambda w=worker: system.workers.halted(w))  # type: ignore[misc]
        system.fault("changelog deleted")
        _start_anew(system, worker)


def full_in_recovery(system: System, dose: Dose, rng: Random) -> None:
    """Let `detect` recover its states on a full disk, then free space."""
    disk = system.folder / "state"
    ballast = disk / "ballast"
    for share in moments(rng, dose.times):
        system.reached("detect", share)
        [worker] = system.workers.of("detect")
        system.workers.kill(worker)
        system.workers.lose_state(worker)
        fill(disk, ballast)
        deaths = system.workers.deaths
        system.workers.start(worker)
        system.until("detect finds no room", lambda d=deaths: system.workers.deaths > d)  # type: ignore[misc]
        system.fault("disk full in recovery")
        ballast.unlink()


def stop_without_broker(system: System, dose: Dose, rng: Random) -> None:
    """Stop all roles while Kafka is down; each exits by itself."""
    for share in moments(rng, dose.times):
        system.reached(rng.choice(ROLES), share)
        system.kill_broker()
        names = system.workers.stop_without_broker()
        system.fault("told to stop without a broker")
        system.start_broker()
        for name in names:
            system.workers.start(name)


def _start_anew(system: System, worker: str) -> None:
    """Start the only worker of `detect` without states and offsets, as docs/operations.md says."""
    system.workers.kill(worker)
    system.workers.lose_state(worker)
    system.delete(CHANGELOG)
    group = group_of("detect")
    with KafkaAdminClient(bootstrap_servers=system.broker.bootstrap) as admin:
        # Kafka refuses until the member's session has expired.
        system.until("the group is gone", lambda: admin.delete_groups([group])[group] == "OK")
    system.workers.start(worker)


def _copies(system: System, rng: Random) -> list[Message]:
    """Return published messages of the load, without invalid ones."""
    sent = system.load[: round(system.feeder.share * len(system.load))]
    return rng.choices([one for one in sent if one.event_id], k=COPIES)


async def _send(
    system: System,
    messages: Sequence[Message],
    *,
    stamps: Sequence[int] = (),
    transaction: str | None = None,
) -> None:
    """Send messages in addition to the load; a `transaction` is aborted, and its end is there."""
    to = {"bootstrap_servers": system.broker.bootstrap, "transactional_id": transaction}
    producer: Any = AIOKafkaProducer(**to)
    async with producer:
        if transaction:
            await producer.begin_transaction()
        for number, one in enumerate(messages):
            at = stamps[number % len(stamps)] if stamps else None
            await producer.send_and_wait(one.topic, one.value, key=one.key, timestamp_ms=at)
        if transaction:
            await producer.abort_transaction()
    if transaction:  # the next producer of a transaction begins once the last one has ended
        async with AIOKafkaProducer(**to):
            pass


def _delete_records(system: System) -> None:
    """Delete all records of the sources' topics."""
    with KafkaAdminClient(bootstrap_servers=system.broker.bootstrap) as admin:
        places = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in admin.describe_topics([*SOURCES])
            for partition in topic["partitions"]
        ]
        ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        admin.delete_records({place: at.offset for place, at in ends.items()})


def _set(system: System, setting: str, value: str) -> None:
    with KafkaAdminClient(bootstrap_servers=system.broker.bootstrap) as admin, suppress(KeyError):
        admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, {setting: value}) for name in SOURCES]
        )
