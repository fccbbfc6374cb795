"""Turns observed facts into the findings of `nabiz doctor`. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from pipeline.broker.inspect import GroupFacts, TopicFacts
from pipeline.broker.lag import PartitionLag
from pipeline.common.plurals import counted
from pipeline.config.groups import KafkaSettings
from pipeline.contracts.topics import TopicContract
from pipeline.contracts.topology import (
    CHANGELOG,
    INPUTS,
    OF_CONNECTIONS,
    SCORED,
    STATEFUL,
    WITHIN,
    group_of,
)
from pipeline.ingest.decode import FUTURE_TOLERANCE
from pipeline.store.health import StoreFacts
from pipeline.store.supported import unsupported

State = Literal["ok", "warning", "problem"]

LOSES_MESSAGES = frozenset({"cleanup.policy", "retention.ms", "max.message.bytes"})
"""Topic settings that lose messages when wrong, not only speed or space."""

CLOCK_WARNING = 2.0
"""Tolerated clock skew in seconds: ClickHouse reports whole seconds."""
CLOCK_PROBLEM = FUTURE_TOLERANCE.total_seconds()
"""Clock skew in seconds from which correct events are refused as being in the future."""

GIB = 1024**3
FEW_FILES = 4_096
"""Required open files: Kafka opens three per segment, a role hundreds for its state."""
DISK_PROBLEM, DISK_WARNING = 1 * GIB, 5 * GIB
"""Required free bytes: eight segments of Kafka's log, so that there is time to react."""


class Finding(msgspec.Struct, frozen=True):
    """The result of a check: its state, what was found, and what to do."""

    check: str
    state: State
    found: str
    advice: str = ""


def check_security(kafka: KafkaSettings) -> Finding:
    """Find valid settings that would send a password in the clear."""
    if kafka.security_protocol == "SASL_PLAINTEXT" and kafka.sasl_mechanism == "PLAIN":
        return Finding(
            "settings",
            "warning",
            "Kafka's password travels as plain text",
            "use NABIZ_KAFKA_SECURITY_PROTOCOL=SASL_SSL, or a SCRAM mechanism",
        )
    return Finding("settings", "ok", "valid")


def check_topic(
    topic: TopicContract, found: TopicFacts | None, *, replication: int, brokers: int
) -> Finding:
    """Compare a declared topic with the existing one."""
    check = f"topic {topic.name}"
    if found is None:
        return Finding(check, "problem", "does not exist", "nabiz topics apply")
    if availability := _availability(check, found):
        return availability
    if wrong := _partitions(topic, found):
        return Finding(check, "problem", *wrong)
    differing = {key for key, value in topic.config.items() if found.config.get(key) != value}
    if differing:
        return Finding(
            check,
            "problem" if differing & LOSES_MESSAGES else "warning",
            ", ".join(
                f"{key} is {found.config.get(key)}, declared {topic.config[key]}"
                for key in sorted(differing)
            ),
            "nabiz topics apply",
        )
    if found.replicas < replication:
        return Finding(
            check,
            "warning",
            f"{counted(found.replicas, 'replica')}, NABIZ_KAFKA_REPLICATION is {replication} "
            f"(the cluster has {counted(brokers, 'broker')})",
            "add replicas with Kafka's kafka-reassign-partitions",
        )
    return Finding(check, "ok", _size(found))


def check_changelog(found: TopicFacts | None, scored: TopicFacts | None, *, used: bool) -> Finding:
    """Check the changelog of customer states; `used` means detect has committed."""
    check = f"topic {CHANGELOG}"
    if found is None and not used:
        return Finding(check, "ok", "not there yet: detect makes it when it first starts")
    if found is None:
        return Finding(
            check,
            "problem",
            "is gone, and with it every customer's state outside the workers' own folders",
            "start detect anew: docs/operations.md says how",
        )
    if availability := _availability(check, found):
        return availability
    if found.config.get("cleanup.policy") != "compact":
        return Finding(
            check,
            "problem",
            f"cleanup.policy is {found.config.get('cleanup.policy')}: states will be lost",
            f"kafka-configs --alter --topic {CHANGELOG} --add-config cleanup.policy=compact",
        )
    if scored and scored.partitions != found.partitions:
        return Finding(
            check,
            "problem",
            f"{counted(found.partitions, 'partition')}, {SCORED} has {scored.partitions}",
            f"states are kept by partition: make {SCORED} anew, docs/operations.md says how",
        )
    return Finding(check, "ok", f"{_size(found)}, compacted")


def _availability(check: str, found: TopicFacts) -> Finding | None:
    if found.offline:
        text = f"no leader for {found.offline} of {counted(found.partitions, 'partition')}"
        return Finding(check, "problem", text, "start the brokers that are down")
    if found.behind:
        text = f"no in-sync replica for {found.behind} of {counted(found.partitions, 'partition')}"
        return Finding(check, "warning", text, "look whether a broker is down or slow")
    return None


def _partitions(topic: TopicContract, found: TopicFacts) -> tuple[str, str] | None:
    """Say what differs and what to do. Extra partitions are fine except for stateful topics."""
    text = f"{counted(found.partitions, 'partition')}; declared: {topic.partitions}"
    follow = any(topic.name in INPUTS[role] for role in STATEFUL)
    if follow and found.partitions != topic.partitions:
        return text, (
            f"states are kept by partition: declare {found.partitions} in its topic.yaml if it was "
            "made so; if it grew, make it anew, docs/operations.md says how"
        )
    return (text, "nabiz topics apply") if found.partitions < topic.partitions else None


def _size(found: TopicFacts) -> str:
    return f"{counted(found.partitions, 'partition')}, {counted(found.replicas, 'replica')}"


def check_groups(
    groups: Mapping[str, GroupFacts], before: Sequence[PartitionLag], now: Sequence[PartitionLag]
) -> Iterator[Finding]:
    """Check that each role runs and advances between two readings."""
    for role in INPUTS:
        group = group_of(role)
        mine = [lag for lag in now if lag.group == group]
        earlier = [lag.committed for lag in before if lag.group == group]
        moved = earlier != [lag.committed for lag in mine]
        yield _group(role, groups.get(group), mine, moved=moved)


def _group(
    role: str, group: GroupFacts | None, lags: Sequence[PartitionLag], *, moved: bool
) -> Finding:
    check, lag, members = f"role {role}", sum(x.events for x in lags), group.members if group else 0
    widest = max((sum(y.topic == x.topic for y in lags) for x in lags), default=0)
    if not members and not lag and role in OF_CONNECTIONS:
        return Finding(check, "ok", "nobody reads, and nothing waits")
    if not members:
        return Finding(
            check,
            "problem" if lag else "warning",
            f"nobody reads; waiting: {counted(lag, 'message')}",
            f"nabiz worker {WITHIN.get(role, role)} (or nabiz up)",
        )
    text = f"{counted(members, 'worker')}, {counted(lag, 'message')} behind"
    if group and group.state.endswith("Rebalance"):
        return Finding(check, "warning", f"{text}; sharing out partitions now", "look again soon")
    if lag and not moved:
        return Finding(
            check,
            "warning",
            f"{text}, and nothing was committed while we looked",
            "look again; if it stays so: the worker's log and its /healthz",
        )
    if members > widest:
        return Finding(
            check,
            "warning",
            f"{text}; with {counted(widest, 'partition')} a topic some of them have nothing to do",
            "stop some workers, or give the topics more partitions",
        )
    return Finding(check, "ok", text)


def check_store(facts: StoreFacts) -> Iterator[Finding]:
    """Check that the server accepts what `record` writes."""
    if facts.pending:
        names = ", ".join(facts.pending)
        yield Finding("store", "problem", f"migrations pending: {names}", "nabiz store migrate")
    for table, reason in facts.refused.items():
        yield Finding(
            "store",
            "problem",
            f"table {table} takes no rows: {reason}",
            "give the user of NABIZ_STORE_URL the right to insert; look at the server's state",
        )
    if not facts.pending and not facts.refused:
        yield Finding("store", "ok", f"ClickHouse {facts.version}, all tables take rows")
    if outdated := unsupported(facts.version):
        yield Finding("store's version", "warning", outdated, "upgrade ClickHouse")
    for disk in facts.disks:
        yield check_disk(f"store's disk {disk.name}", disk.free)


def check_disk(check: str, free: int) -> Finding:
    """Check the free bytes of a disk that grows."""
    text = f"{free / GIB:,.1f} GiB free"
    if free >= DISK_WARNING:
        return Finding(check, "ok", text)
    state: State = "problem" if free < DISK_PROBLEM else "warning"
    return Finding(check, state, text, "make room, or shorten what is kept (retention)")


def check_open_files(limit: int) -> Finding:
    """Check the limit of open files."""
    text = f"{limit:,} in a process"
    if limit >= FEW_FILES:
        return Finding("open files", "ok", text)
    advice = f"let this user have {FEW_FILES:,}: `ulimit -n`, LimitNOFILE= of systemd"
    return Finding("open files", "warning", text, advice)


def check_clock(whose: str, ahead: float | None) -> Finding:
    """Check the clock skew of another machine, in seconds."""
    check = f"clock of {whose}"
    if ahead is None:
        return Finding(check, "ok", "not told by this cluster")
    text = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    if abs(ahead) <= CLOCK_WARNING:
        return Finding(check, "ok", text)
    state: State = "problem" if abs(ahead) > CLOCK_PROBLEM else "warning"
    return Finding(check, state, text, "let NTP set the clocks of all machines")


def check_packages(wanted: Mapping[str, str], there: Mapping[str, str | None]) -> Finding:
    """Compare installed package versions with the locked ones."""
    differing = sorted(name for name, version in wanted.items() if there.get(name) != version)
    if not differing:
        return Finding("packages", "ok", f"{len(wanted)} as locked")
    return Finding(
        "packages",
        "problem" if any(there.get(name) is None for name in differing) else "warning",
        ", ".join(
            f"{name} {there.get(name) or 'missing'}, not {wanted[name]}" for name in differing
        ),
        "make setup",
    )
