"""Describes a cluster, its topics and its consumer groups, read-only."""

import time
from collections.abc import Collection, Mapping

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from pipeline.broker.errors import reaching
from pipeline.broker.security import PLAINTEXT, Security

TIMEOUT_MS = 3_000


class TopicFacts(msgspec.Struct, frozen=True):
    """A topic; `offline` counts partitions without leader, `behind` those out of sync."""

    partitions: int
    replicas: int
    offline: int
    behind: int
    config: Mapping[str, str | None]


class GroupFacts(msgspec.Struct, frozen=True):
    """A consumer group: its state in Kafka's words, and its number of members."""

    state: str
    members: int


class ClusterFacts(msgspec.Struct, frozen=True):
    """A cluster, with those of the requested topics and groups that exist.

    `clock_ahead` is by how many seconds its controller's clock is ahead of ours, None where the
    cluster does not tell (ZooKeeper, or no right to ask).
    """

    version: str
    brokers: int
    clock_ahead: float | None
    topics: Mapping[str, TopicFacts]
    groups: Mapping[str, GroupFacts]


def inspect_cluster(
    bootstrap: str,
    topics: Collection[str],
    groups: Collection[str],
    security: Security = PLAINTEXT,
) -> ClusterFacts:
    """Describe the cluster. Raises `BrokerUnavailable` if it does not answer within 3 s."""
    with (
        reaching(bootstrap),
        KafkaAdminClient(
            bootstrap_servers=bootstrap,
            bootstrap_timeout_ms=TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS,
            **security,
        ) as admin,
    ):
        cluster = admin.describe_cluster()
        spoken = admin.get_broker_version_data(cluster["brokers"][0]["broker_id"])
        return ClusterFacts(
            version=".".join(map(str, spoken.broker_version)),
            brokers=len(cluster["brokers"]),
            clock_ahead=_clock_ahead(admin),
            topics=_topics(admin, topics),
            groups=_groups(admin, groups),
        )


def _clock_ahead(admin: KafkaAdminClient) -> float | None:
    """Return the broker's clock: the quorum leader's last contact with itself is now."""
    asked = time.time()
    try:
        answer = admin.describe_metadata_quorum()
    except KafkaError:
        return None
    answered = time.time()
    quorum = answer["topics"][0]["partitions"][0]
    for voter in quorum["current_voters"]:
        if voter["replica_id"] == quorum["leader_id"] and voter.get("last_fetch_timestamp", -1) > 0:
            return float(voter["last_fetch_timestamp"] / 1000 - (asked + answered) / 2)
    return None


def _topics(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, TopicFacts]:
    found = [topic for topic in admin.describe_topics(list(names)) if not topic["error_code"]]
    if not found:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic["name"]) for topic in found]
    configs = admin.describe_configs(asked, config_filter="all")["topic"]
    return {
        topic["name"]: TopicFacts(
            partitions=len(topic["partitions"]),
            replicas=min(len(part["replica_nodes"]) for part in topic["partitions"]),
            offline=sum(part["leader_id"] < 0 for part in topic["partitions"]),
            behind=sum(
                len(part["isr_nodes"]) < len(part["replica_nodes"]) for part in topic["partitions"]
            ),
            config={key: entry["value"] for key, entry in configs[topic["name"]].items()},
        )
        for topic in found
    }


def _groups(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, GroupFacts]:
    # Listed first: to describe a group that has never been makes Kafka look for its coordinator.
    present = {group["group_id"] for group in admin.list_groups()} & set(names)
    described = admin.describe_groups(sorted(present)) if present else {}
    return {
        name: GroupFacts(state=str(group["group_state"]), members=len(group["members"]))
        for name, group in described.items()
    }
