"""Reads the topics of a group and its committed offsets from the broker."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeAlias

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import MemberToRemove, OffsetSpec

from pipeline.broker.errors import reaching
from pipeline.broker.lag import CLIENT, Committed, until_coordinated
from pipeline.broker.security import Security

Place: TypeAlias = tuple[str, int]
"""Topic and partition number."""


class TopicAsIs(NamedTuple):
    """A topic: its id, which differs for each topic of the same name, and its partitions.

    The id is "" if the broker provides none, as before Kafka 2.8.
    """

    id: str
    partitions: int


class Survey(NamedTuple):
    """Existing topics, the offset range of each partition, and the committed offsets.

    `first` is the oldest offset available, `end` that of the next record.
    """

    topics: Mapping[str, TopicAsIs]
    first: Mapping[Place, int]
    end: Mapping[Place, int]
    committed: Mapping[Place, Committed]


def survey(bootstrap: str, group: str, topics: Collection[str], security: Security) -> Survey:
    """Query the broker. Raises BrokerUnavailable."""
    with (
        reaching(bootstrap),
        KafkaAdminClient(bootstrap_servers=bootstrap, **CLIENT, **security) as admin,
    ):
        found = _topics(admin, topics)
        places = [
            TopicPartition(name, number)
            for name, topic in found.items()
            for number in range(topic.partitions)
        ]
        # Committed before end: so a group that goes on reading is never found beyond the end.
        committed = until_coordinated(admin.list_group_offsets)({group: places})[group]
        first = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
        end = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return Survey(
        found,
        {(place.topic, place.partition): at.offset for place, at in first.items()},
        {(place.topic, place.partition): at.offset for place, at in end.items()},
        {
            (place.topic, place.partition): Committed(at.offset, at.metadata or "")
            for place, at in committed.items()
            if at.offset >= 0
        },
    )


def topics_as_is(
    bootstrap: str, topics: Collection[str], security: Security
) -> dict[str, TopicAsIs]:
    """Return those of the topics that exist. Raises BrokerUnavailable."""
    with (
        reaching(bootstrap),
        KafkaAdminClient(bootstrap_servers=bootstrap, **CLIENT, **security) as admin,
    ):
        return _topics(admin, topics)


def topics_of_member(bootstrap: str, group: str, instance: str, security: Security) -> set[str]:
    """Return the topics assigned to a static member of a group. Raises BrokerUnavailable."""
    with (
        reaching(bootstrap),
        KafkaAdminClient(bootstrap_servers=bootstrap, **CLIENT, **security) as admin,
    ):
        [described] = until_coordinated(admin.describe_groups)([group]).values()
    return {
        assigned["topic"]
        for member in described["members"]
        if member["group_instance_id"] == instance
        for assigned in member["member_assignment"]["assigned_partitions"]
    }


def leave_group(bootstrap: str, group: str, instance: str, security: Security) -> None:
    """Remove a static member from a group, so that its partitions are reassigned.

    Raises BrokerUnavailable.
    """
    with (
        reaching(bootstrap),
        KafkaAdminClient(bootstrap_servers=bootstrap, **CLIENT, **security) as admin,
    ):
        admin.remove_group_members(group, [MemberToRemove(group_instance_id=instance)])


def _topics(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, TopicAsIs]:
    return {
        topic["name"]: TopicAsIs(str(topic.get("topic_id") or ""), len(topic["partitions"]))
        for topic in admin.describe_topics(sorted(names))
        if not topic["error_code"]
    }
