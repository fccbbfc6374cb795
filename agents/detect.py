"""detect: readings in, alerts out, by a state for each customer."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from secrets import token_bytes

import structlog

from agents.processors.detector import Detector, Offsets, Outcome
from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.messages import Message, send, send_dead_letters
from agents.runtime.state_store import StateStore, partitions_of_states
from pipeline.broker.continuity import FailedRules
from pipeline.calendar.calendar_file import load_calendars
from pipeline.common import metrics
from pipeline.common.plain_text import one_line
from pipeline.config.settings import Settings
from pipeline.contracts.topology import SCORED
from pipeline.detection.customer import due_of
from pipeline.detection.rules import RuleBook, RuleSet

log = structlog.get_logger(__name__)

RELOAD_SECONDS = 5.0
LOOK_EVERY = 1.0
"""Seconds between looks at what customers wait for in vain."""
NOTED, LONGEST_PROBLEM = 8, 100
"""Most failed rules noted beside an offset, and most characters of each problem."""


class Detect(Component):
    """Folds each customer's events into a state, and publishes the alerts that changed."""

    role = "detect"
    largest_batch = 1_000
    """An urgent message still waits for the batch in hand and the one fetched ahead."""

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._partitions = partitions_of_states(settings, self.role)
        calendars = load_calendars(settings.calendar.file)
        self._book = RuleBook(settings.detect.rules, calendars)
        self._turn, self._in_hand, self._has_states = asyncio.Lock(), 0, False
        self._refused = ""
        self._failed: dict[str, str] = {}

    def start(self, app: App) -> None:
        """Create the detector, and reload changed rules every few seconds."""
        super().start(app)
        app.continuity.failed_rules = lambda: failed_rules(self._book.rules)
        self._detector = Detector(
            self.settings.detect,
            self._book,
            StateStore(app, "customers", self._partitions, due_of),
            partial(send, app),
            Offsets(
                self._partitions,
                app.committed_offset,
                partial(app.source, SCORED),
                app.has_read_all,
            ),
            token_bytes(8),
            partial(datetime.now, UTC),
        )
        app.every(RELOAD_SECONDS, self._reload_rules)
        app.every(LOOK_EVERY, self._pass_time)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Fold the events of a batch into their customers' states."""
        async with self._turn:
            outcome = await asyncio.to_thread(self._detector.work, messages)
            self._detector.stage(outcome)
            self._in_hand += 1
        return self._make_durable(outcome)

    async def assigned(self) -> None:
        """Let time pass in the new partitions, now that their states are recovered."""
        self._has_states = True

    async def revoked(self) -> None:
        """Let no more time pass: another worker takes the partitions."""
        async with self._turn:
            self._has_states = False

    async def stop(self) -> None:
        """Let no more time pass."""
        await self.revoked()

    async def _make_durable(self, outcome: Outcome) -> None:
        await send_dead_letters(self.app, outcome.dead)
        await self._detector.make_durable(outcome)
        self._in_hand -= 1

    async def _pass_time(self) -> None:
        """Judge what customers wait for in vain, while no batch is in hand, which does so too."""
        while True:
            async with self._turn:
                if self._in_hand or not self._has_states:
                    return
                outcome = await asyncio.to_thread(self._detector.pass_time)
                if not outcome.steps:
                    return
                self._detector.stage(outcome)
                await self._detector.make_durable(outcome)

    async def _reload_rules(self) -> None:
        # In a thread: many rules take seconds.
        self._refused = await asyncio.to_thread(reload, self._book, self._refused)
        show_failed(self._book.rules, self._failed)


def reload(book: RuleBook, refused: str) -> str:
    """Reload the rules; return why they are refused, or "".

    Only changes are logged: `refused` is the result of the last call.
    """
    before = book.rules.version
    problem = str(book.reload() or "")
    metrics.RULES_REFUSED.set(bool(problem))
    if problem and problem != refused:
        log.error("rules refused, the last good set stays", problem=problem)
    elif book.rules.version != before:
        log.info("rules taken", version=book.rules.version)
    return problem


def failed_rules(rules: RuleSet) -> FailedRules | None:
    """Return the first rules that failed, with shortened problems, for the page Health."""
    found = islice(dict(rules.failed).items(), NOTED)
    problems = {rule: one_line(problem, LONGEST_PROBLEM) for rule, problem in found}
    return FailedRules(rules.version, problems) if problems else None


def show_failed(rules: RuleSet, shown: dict[str, str]) -> None:
    """Log and measure rules that failed on an event; `shown` holds those already reported."""
    failed = dict(rules.failed)
    for rule in shown.keys() - failed.keys():
        metrics.RULE_FAILED.remove(rule)
    for rule in failed.keys() - shown.keys():
        metrics.RULE_FAILED.labels(rule).set(1)
        log.error("rule set aside: it fails on an event", rule=rule, problem=failed[rule])
    shown.clear()
    shown.update(failed)
