"""The chain: which role reads and which topic carries what."""

from collections.abc import Mapping
from typing import Final

INTERACTIONS: Final = "cx.interactions"
FEEDBACK: Final = "cx.feedback"
SCORED: Final = "cx.scored"
URGENT: Final = "cx.urgent"
HURRIED: Final = "cx.hurried"
ALERTS: Final = "cx.alerts"
ACTIONS: Final = "cx.alert-actions"
FOLLOW_UPS: Final = "cx.follow-ups"
DEAD_LETTERS: Final = "cx.dead-letters"

INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "understand": (INTERACTIONS, FEEDBACK),
    "reread": (HURRIED,),
    "triage": (INTERACTIONS, FEEDBACK),
    "detect": (SCORED, URGENT),
    "follow_up": (ALERTS, ACTIONS),
    "record": (SCORED, ALERTS, ACTIONS, FOLLOW_UPS, DEAD_LETTERS),
    "notify": (ALERTS, FOLLOW_UPS),
}
"""Topics that a role reads, roles in the order of the chain."""

WITHIN: Final[Mapping[str, str]] = {"reread": "understand"}
"""Roles without a process of their own: what the workers of another do when they have time."""

OF_EVENTS: Final = tuple(
    role for role, topics in INPUTS.items() if {INTERACTIONS, SCORED} & {*topics}
)
"""Roles that are given every event; the others hear of alerts alone."""

RETRY_HEADER: Final = "nabiz-retry"
"""Header of a message that was a dead letter and is published again."""

EXIT_HALT: Final = 78
"""Exit code of a role that must not be started again before a person has looked (EX_CONFIG)."""


def group_of(role: str) -> str:
    """Return the consumer group of a role."""
    return f"nabiz-{role}"


def role_of(group: str) -> str:
    """Return the role that a consumer group belongs to."""
    return group.removeprefix("nabiz-")


GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    group_of(role): topics for role, topics in INPUTS.items()
}
"""Consumer groups and the topics that each reads, in the order of the chain."""


STATEFUL: Final = ("detect", "follow_up", "notify")
"""Roles that keep a state a customer, in the partition that the customer's messages come from."""


def changelog_of(role: str) -> str:
    """Return the topic from which a role recovers the states of its table `customers`."""
    return f"{group_of(role)}-customers-changelog"


CHANGELOG: Final = changelog_of("detect")
"""Topic from which `detect` recovers the states of its table `customers`."""
