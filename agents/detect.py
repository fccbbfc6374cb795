"""detect: readings in, alerts out. One state a customer; what changed in it is published."""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import islice
from secrets import token_bytes

import faust
import structlog
from faust.types import TP

from agents.processors.detector import Detector, Offsets, Outcome
from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.liveness import Liveness
from agents.runtime.messages import Message, send, send_dead_letters
from agents.runtime.state_store import StateStore
from pipeline.broker.continuity import FailedRules
from pipeline.common import metrics
from pipeline.common.plain_text import one_line
from pipeline.config.settings import Settings
from pipeline.contracts.topology import SCORED
from pipeline.detection.rules import RuleBook, RuleSet

log = structlog.get_logger(__name__)

RELOAD_SECONDS = 5.0
NOTED, LONGEST_PROBLEM = 8, 100
"""Failed rules that are noted beside an offset, and characters of each problem."""
BATCH = 1_000
"""Most messages at once: one that cannot wait still waits for what is in hand and fetched ahead."""


def detect(settings: Settings, partitions: int) -> tuple[faust.App, Liveness]:
    """Build the role. Order: dead letters, states and alerts confirmed, then acknowledged."""
    app = make_app("detect", settings, min(BATCH, settings.kafka.batch_size))
    customers = StateStore(app, "customers", partitions)
    book = RuleBook(settings.detect.rules)
    app.continuity.failed_rules = lambda: failed_rules(book.rules)
    refused = ""
    failed: dict[str, str] = {}

    def committed(partition: int, topic: str) -> int:
        """Return -1 where nothing is committed."""
        known = app.consumer.committed.get(TP(topic, partition))  # type: ignore[attr-defined]
        return -1 if known is None else int(known)

    def source(partition: int) -> str:
        return app.continuity.source(TP(SCORED, partition))

    offsets = Offsets(partitions, committed, source)
    detector = Detector(
        settings.detect, book, customers, partial(send, app), offsets, token_bytes(8)
    )

    async def handle(messages: Sequence[Message]) -> Effect:
        outcome = await asyncio.to_thread(detector.work, messages)
        detector.stage(outcome)
        return make_durable(outcome)

    async def make_durable(outcome: Outcome) -> None:
        await send_dead_letters(app, outcome.dead)
        await detector.make_durable(outcome)

    @app.timer(RELOAD_SECONDS, name="reload-rules")  # type: ignore[untyped-decorator]
    async def reload_rules() -> None:
        nonlocal refused
        refused = await asyncio.to_thread(reload, book, refused)  # many rules take seconds
        show_failed(book.rules, failed)

    return app, role_agent(app, "detect", settings, handle)


def reload(book: RuleBook, refused: str) -> str:
    """Take the rules as they are now; return why they are refused, or "".

    Logged is what changed: `refused` is what the last call returned.
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
    """Return what is noted of the rules that failed, for Health: the first of them, cut short."""
    found = islice(dict(rules.failed).items(), NOTED)
    problems = {rule: one_line(problem, LONGEST_PROBLEM) for rule, problem in found}
    return FailedRules(rules.version, problems) if problems else None


def show_failed(rules: RuleSet, shown: dict[str, str]) -> None:
    """Log and measure the rules that failed on an event; `shown` are those that are known."""
    failed = dict(rules.failed)
    for rule in shown.keys() - failed.keys():
        metrics.RULE_FAILED.remove(rule)
    for rule in failed.keys() - shown.keys():
        metrics.RULE_FAILED.labels(rule).set(1)
        log.error("rule set aside: it fails on an event", rule=rule, problem=failed[rule])
    shown.clear()
    shown.update(failed)
