"""The topology: topics, and which role reads which."""

from collections.abc import Mapping
from typing import Final

POLL_REQUESTS: Final = "cx.poll-requests"
RECEIVED: Final = "cx.received"
INTERACTIONS: Final = "cx.interactions"
FEEDBACK: Final = "cx.feedback"
SCORED: Final = "cx.scored"
URGENT: Final = "cx.urgent"
HURRIED: Final = "cx.hurried"
ALERTS: Final = "cx.alerts"
ACTIONS: Final = "cx.alert-actions"
FOLLOW_UPS: Final = "cx.follow-ups"
CASES: Final = "cx.cases"
DEAD_LETTERS: Final = "cx.dead-letters"
ERASURES: Final = "cx.erasure-requests"

INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "poll": (POLL_REQUESTS,),
    "translate": (RECEIVED,),
    "understand": (INTERACTIONS, FEEDBACK),
    "reread": (HURRIED,),
    "triage": (INTERACTIONS, FEEDBACK),
    "detect": (SCORED, URGENT),
    "follow_up": (ALERTS, ACTIONS),
    "record": (SCORED, ALERTS, ACTIONS, FOLLOW_UPS, CASES, DEAD_LETTERS),
    "notify": (ALERTS, CASES),
}
"""Input topics by role, in the order of the chain."""

WITHIN: Final[Mapping[str, str]] = {"reread": "understand"}
"""Roles without a process of their own, and the role whose idle workers run them."""

OF_CONNECTIONS: Final = ("translate", "poll")
"""Roles that run only where other systems are connected, the last where one of them is asked."""

OPTIONAL: Final = frozenset({CASES, *(topic for role in OF_CONNECTIONS for topic in INPUTS[role])})
"""Topics that may be missing, as on a Kafka of the version before: nothing comes there then."""

OF_EVENTS: Final = tuple(
    role for role, topics in INPUTS.items() if {INTERACTIONS, SCORED} & {*topics}
)
"""Roles that read every event; the others read alerts only."""

RETRY_HEADER: Final = "nabiz-retry"
"""Header of a dead letter that was published again."""

REPLAY_HEADER: Final = "nabiz-replay"
"""Header of a message without a value: the partition and offset of one to be handled again."""

EXIT_HALT: Final = 78
"""Exit code of a role that must not be restarted before somebody has intervened (EX_CONFIG)."""


def group_of(role: str) -> str:
    """Return the consumer group of a role."""
    return f"nabiz-{role}"


def role_of(group: str) -> str:
    """Return the role of a consumer group."""
    return group.removeprefix("nabiz-")


GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    group_of(role): topics for role, topics in INPUTS.items()
}
"""Input topics by consumer group, in the order of the chain."""


STATEFUL: Final = ("poll", "translate", "detect", "follow_up", "notify")
"""Roles that keep a state per customer, or of a connection, in the partition of its messages."""


def changelog_of(role: str) -> str:
    """Return the changelog from which a role recovers its table `customers`."""
    return f"{group_of(role)}-customers-changelog"


CHANGELOG: Final = changelog_of("detect")
"""The changelog of `detect`."""
