"""Who is in the consumer groups of the roles."""

from contextlib import suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.contracts.topology import group_of


def owners(bootstrap: str, role: str) -> set[str]:
    """Return the workers that have partitions of a role; none while it rebalances."""
    with suppress(KafkaError), KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        [group] = admin.describe_groups([group_of(role)]).values()
        if group["group_state"] == "Stable":  # otherwise nothing is assigned
            return {
                member["group_instance_id"]
                for member in group["members"]
                if _partitions(member["member_assignment"])
            }
    return set()


def _partitions(assignment: Any) -> list[Any]:
    return [number for topic in assignment["assigned_partitions"] for number in topic["partitions"]]
