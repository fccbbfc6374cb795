"""Checks that a group continues where it left off; reports and counts lost messages.

Each commit carries a note that identifies its topic (`pipeline/broker/continuity.py`). When
partitions are assigned to this worker, the notes are compared with the broker's topics before
anything is read. Recoverable differences are resolved, any other halts the role.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress

import structlog
from faust.types import TP
from msgspec.structs import replace

from agents.runtime.crash import Halt
from pipeline.broker.continuity import (
    Breach,
    FailedRules,
    KeptStates,
    Kind,
    Note,
    StatesLost,
    Verdict,
    demand_states,
    judge,
    write_note,
)
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.security import cluster_of
from pipeline.broker.survey import (
    Survey,
    TopicAsIs,
    leave_group,
    survey,
    topics_as_is,
    topics_of_member,
)
from pipeline.common import metrics
from pipeline.config.groups import KafkaSettings
from pipeline.contracts.topology import INPUTS, changelog_of

log = structlog.get_logger(__name__)

WATCH_EVERY = 60.0
"""Seconds between checks that the topics are unchanged."""
ANSWERED_WITHIN = 60.0
"""Seconds that such a check may take. The client gives up much sooner, unless it hangs."""

_ADVICE: Mapping[Kind, str] = {
    "expired": "they expired or were deleted before they were read: raise retention.ms, or read "
    "faster (docs/operations.md)",
    "truncated": "Kafka has lost its newest messages: have their sources send them again",
    "recreated": "the topic was recreated: it is read from its start, and unread messages of the "
    "old one are lost",
}


def report_breach(role: str, tp: TP, breach: Breach) -> None:
    """Log and count messages that were lost."""
    metrics.BREACHES.labels(role, tp.topic, breach.kind).inc()
    metrics.MISSED.labels(role, tp.topic).inc(breach.messages)
    log.warning(
        "messages are missing",
        topic=tp.topic,
        partition=tp.partition,
        kind=breach.kind,
        messages=breach.messages,
        advice=_ADVICE[breach.kind],
    )


class TopicsChanged(Exception):  # noqa: N818
    """A topic was deleted, recreated or extended: a new process must check it afresh."""


class Continuity:
    """The topics as a worker last saw them, and its start position in each partition."""

    def __init__(self, role: str, group: str, instance: str, kafka: KafkaSettings) -> None:
        self.role, self._group, self._instance = role, group, instance
        self._bootstrap, self._security = cluster_of(kafka)
        self._topics: dict[str, TopicAsIs] = {}
        self._verdicts: dict[TP, Verdict] = {}
        self._changelogs: Collection[str] = ()
        self._states: dict[int, KeptStates] = {}
        self.failed_rules: Callable[[], FailedRules | None] = lambda: None
        """Returns the failed rules that `detect` commits with its offsets."""
        self.elsewhere: dict[TP, int] = {}
        """Start positions of partitions that do not continue at a committed offset."""

    async def begin(self) -> None:
        """Leave the group if a worker of this name was there for other topics, in another version.

        The broker would give its partitions to this one as they were, without those of new topics.
        If Kafka is down, the start fails anyway.
        """
        if not self._instance:
            return
        place = (self._bootstrap, self._group, self._instance, self._security)
        with suppress(BrokerUnavailable):
            before = await asyncio.to_thread(topics_of_member, *place)
            if before and before - {changelog_of(self.role)} != {*INPUTS[self.role]}:
                await self._leave()

    async def check(self, assigned: Collection[TP], changelogs: Collection[str]) -> Survey:
        """Determine the start positions in the partitions assigned to this worker.

        Knowledge of a topic is kept while this worker has none of its partitions. Raises
        TopicsChanged if such a topic or a partition is gone (a worker with a stable name keeps
        its partitions even then), and Halt if the states that belong to the offsets are.
        """
        topics = {tp.topic for tp in assigned}
        if self._topics.keys() - topics:
            await self.watch()
        found = await asyncio.to_thread(
            survey, self._bootstrap, self._group, topics, self._security
        )
        if gone := sorted(tp for tp in assigned if tp not in found.end):
            await self._leave()
            raise TopicsChanged(f"{gone[0].topic} no longer has partition {gone[0].partition}")
        self._topics, self._changelogs = {**self._topics, **found.topics}, changelogs
        for tp in assigned:
            if tp.topic in changelogs:
                self._states[tp.partition] = KeptStates(
                    found.topics[tp.topic].id, found.first[tp], found.end[tp]
                )
                continue
            for changelog in changelogs:
                self._demand_states(tp, changelog, found)
            self._verdicts[tp] = verdict = judge(tp, found)
            if verdict.breach:
                report_breach(self.role, tp, verdict.breach)
            if verdict.breach or tp not in found.committed:
                self.elsewhere[tp] = verdict.start
        return found

    def _demand_states(self, tp: TP, changelog: str, found: Survey) -> None:
        try:
            demand_states(tp.partition, changelog, found)
        except StatesLost as lost:
            metrics.BREACHES.labels(self.role, tp.topic, "states_lost").inc()
            raise Halt(
                f"{lost}. To go on would count {self.role}'s customers anew from the middle. "
                f"Restore the topic, make one that grew anew, or start {self.role} anew: "
                "docs/operations.md says how"
            ) from lost

    def settled(self, partitions: Iterable[TP]) -> None:
        """Note that these continue at a committed offset, or at another worker."""
        for tp in partitions:
            self.elsewhere.pop(tp, None)

    def source(self, tp: TP) -> str:
        """Return the identity of a partition's topic: its id and epoch.

        "" if the partition is not assigned to this worker.
        """
        if tp not in self._verdicts:
            return ""
        return f"{self._topics[tp.topic].id}/{self._verdicts[tp].epoch}"

    def keep(self, partition: int, next_offset: int) -> None:
        """Note the changelog offset of the last stored state of a partition."""
        if known := self._states.get(partition):
            self._states[partition] = replace(known, next=next_offset)

    def note(self, topic: str, partition: int) -> str:
        """Return the note to commit with an offset."""
        inputs = {name: one for name, one in self._topics.items() if name not in self._changelogs}
        epoch = self._verdicts[TP(topic, partition)].epoch
        states, failed = self._states.get(partition), self.failed_rules()
        return write_note(Note(inputs, epoch, states, failed))

    async def watch(self) -> None:
        """Check that the topics are unchanged.

        Raises TopicsChanged, and TimeoutError if the client hangs, which would end the checks.
        While Kafka is down, the check is left to the next call. A worker with a stable name would
        get its old partitions again, or none if its topic was gone for a while: so it leaves its
        group first.
        """
        if not self._topics:
            return
        try:
            now = await asyncio.wait_for(
                asyncio.to_thread(topics_as_is, self._bootstrap, self._topics, self._security),
                ANSWERED_WITHIN,
            )
            if changed := self._changed(now):
                await self._leave()
        except BrokerUnavailable:
            return
        if changed:
            raise TopicsChanged(changed)

    async def _leave(self) -> None:
        """Leave the group, so that it forgets this worker's name and reassigns its partitions."""
        if self._instance:
            place = (self._bootstrap, self._group, self._instance, self._security)
            await asyncio.to_thread(leave_group, *place)

    def _changed(self, now: Mapping[str, TopicAsIs]) -> str:
        """Describe the first change of a topic since it was last seen; "" if there is none."""
        for name, was in self._topics.items():
            found = now.get(name)
            if found is None or found.id != was.id:
                return f"{name} was deleted" + (" and recreated" if found else "")
            if self._changelogs and found.partitions != was.partitions:
                return f"{name} has a different number of partitions"
        return ""
