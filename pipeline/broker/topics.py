"""Applies declared topics to a Kafka cluster."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from pipeline.broker.errors import BrokerError, reaching
from pipeline.broker.security import PLAINTEXT, Security
from pipeline.common.plurals import counted
from pipeline.contracts.topics import TopicContract
from pipeline.contracts.topology import INPUTS, STATEFUL

CONNECT_TIMEOUT_MS = 10_000


class Change(msgspec.Struct, frozen=True):
    """A change to a topic: `setting` goes from `before` to `after`.

    `setting` is `partitions` or the key of a config; `before` is None for a new topic.
    """

    topic: str
    setting: str
    before: str | None
    after: str


def apply_topics(
    bootstrap: str,
    topics: Iterable[TopicContract],
    *,
    replication: int = 1,
    dry_run: bool = False,
    security: Security = PLAINTEXT,
) -> list[Change]:
    """Create missing topics, add partitions, set differing configs; return the changes.

    Nothing is removed: a topic with more partitions than declared keeps them, undeclared configs
    stay unchanged. With `dry_run` Kafka checks the changes without making them. More partitions
    change the partition of a key: a customer's earlier events stay in the old one.
    Raises `BrokerError` if Kafka refuses a change, `BrokerUnavailable` if it does not answer.
    """
    declared = {topic.name: topic for topic in topics}
    with reaching(bootstrap), _connect(bootstrap, security) as admin:
        present = _partitions(admin, declared)
        missing = [topic for name, topic in declared.items() if name not in present]
        existing = [topic for name, topic in declared.items() if name in present]
        return [
            *_create(admin, missing, replication, dry_run),
            *_grow(admin, existing, present, dry_run),
            *_configure(admin, existing, dry_run),
        ]


def partitions_of(
    bootstrap: str, names: Iterable[str], *, security: Security = PLAINTEXT
) -> dict[str, int]:
    """Return the number of partitions of each existing topic.

    Raises `BrokerUnavailable` if Kafka does not answer.
    """
    with reaching(bootstrap), _connect(bootstrap, security) as admin:
        return _partitions(admin, names)


def _connect(bootstrap: str, security: Security) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=bootstrap, bootstrap_timeout_ms=CONNECT_TIMEOUT_MS, **security
    )


def _partitions(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    found = admin.describe_topics(list(names))
    return {topic["name"]: len(topic["partitions"]) for topic in found if not topic["error_code"]}


def _create(
    admin: KafkaAdminClient, topics: list[TopicContract], replication: int, dry_run: bool
) -> Iterator[Change]:
    if not topics:
        return
    wanted = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": replication,
            "configs": dict(topic.config),
        }
        for topic in topics
    }
    answer = admin.create_topics(wanted, validate_only=dry_run, raise_errors=False)
    for result in answer["topics"]:
        if result["error_code"] not in (0, TopicAlreadyExistsError.errno):
            raise _refused(result["name"], result["error_message"])
    if not dry_run:
        admin.wait_for_topics([topic.name for topic in topics])
    for topic in topics:
        yield Change(topic.name, "partitions", None, str(topic.partitions))
        yield from (Change(topic.name, key, None, value) for key, value in topic.config.items())


def _grow(
    admin: KafkaAdminClient,
    topics: list[TopicContract],
    present: Mapping[str, int],
    dry_run: bool,
) -> Iterator[Change]:
    larger = {t.name: t.partitions for t in topics if t.partitions > present[t.name]}
    if not larger:
        return
    readers = {topic: role for role in STATEFUL for topic in INPUTS[role]}
    if stateful := sorted(larger.keys() & readers.keys()):
        name = stateful[0]
        raise BrokerError(
            f"{name} has {counted(present[name], 'partition')}, declared: {larger[name]}. Its "
            f"customers' states are kept by partition and would be lost to {readers[name]}: "
            "declare the old number, or make the topic anew: docs/operations.md says how"
        )
    answer = admin.create_partitions(larger, validate_only=dry_run, raise_errors=False)
    for result in answer.results:
        if result.error_code:
            raise _refused(result.name, result.error_message)
    for name, count in larger.items():
        yield Change(name, "partitions", str(present[name]), str(count))


def _configure(
    admin: KafkaAdminClient, topics: list[TopicContract], dry_run: bool
) -> Iterator[Change]:
    asked = [_resource(t.name, dict.fromkeys(t.config)) for t in topics if t.config]
    if not asked:
        return
    current = admin.describe_configs(asked, config_filter="all")["topic"]
    for topic in topics:
        known = current.get(topic.name, {})
        before = {key: known[key]["value"] for key in topic.config if key in known}
        differing = {k: v for k, v in topic.config.items() if before.get(k) != v}
        if not differing:
            continue
        try:
            answer = admin.alter_configs([_resource(topic.name, differing)], validate_only=dry_run)
        except ValueError as error:  # a key that this Kafka does not know
            raise _refused(topic.name, str(error)) from error
        if answer["topic"][topic.name] != "OK":
            raise _refused(topic.name, answer["topic"][topic.name])
        for key, value in differing.items():
            yield Change(topic.name, key, before.get(key), value)


def _resource(topic: str, configs: Mapping[str, str | None]) -> ConfigResource:
    return ConfigResource(ConfigResourceType.TOPIC, topic, dict(configs))


def _refused(topic: str, reason: str) -> BrokerError:
    return BrokerError(f"Kafka refuses what is declared for topic {topic}: {reason}")
