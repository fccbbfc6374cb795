"""Runs one role in this process until it is told to stop."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Literal

import faust
import structlog
import uvloop
from aiokafka.errors import KafkaConnectionError

from agents.runtime import aiokafka_patches
from agents.runtime.crash import EXIT_CRASH, Halt, crash
from agents.runtime.liveness import Liveness
from agents.runtime.metrics_server import serve_page
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.security import client_security
from pipeline.broker.topics import partitions_of
from pipeline.common.logs import configure_logging
from pipeline.config.settings import Role, Settings, store_address
from pipeline.contracts.topology import INPUTS, changelog_of

log = structlog.get_logger(__name__)

STOP_WITHIN = 9.0
"""Seconds that a role has to stop in order; containers are killed after ten."""

Build = Callable[[], tuple[faust.App, Liveness]]


def run_role(role: Role, settings: Settings) -> None:
    """Run `role` until SIGTERM or SIGINT; returns after offsets are committed and all is closed.

    `record` on the in-process store also serves the API: that store lives in one process.

    Raises what is for people (`pipeline.cli.errors`) where the role cannot start.
    """
    configure_logging(role)
    if role == "api":
        from pipeline.store.open import open_store
        from pipeline.web.server import serve_api

        serve_api(settings, open_store(settings))
        return
    with ExitStack() as stack:
        build = _builder(role, settings, stack)
        uvloop.install()  # Faust's consumer has a loop of its own, in a thread
        aiokafka_patches.apply()
        asyncio.run(run_app(settings, build))


def _builder(role: Role, settings: Settings, stack: ExitStack) -> Build:
    """Import a role and what it alone needs: a process pays for one role, not for all."""
    if role == "understand":
        from agents.understand import understand

        return lambda: understand(settings)
    if role == "triage":
        from agents.triage import triage

        return lambda: triage(settings)
    if role == "record":
        return _record(settings, stack)
    if role == "detect":
        from agents.detect import detect

        partitions = _partitions_of_states(settings, role)
        return lambda: detect(settings, partitions)
    if role == "follow_up":
        from agents.follow_up import follow_up
        from pipeline.follow_up.sla import load_sla

        sla = load_sla(settings.followup.sla)
        partitions = _partitions_of_states(settings, role)
        return lambda: follow_up(settings, partitions, sla)
    from agents.notify import notify
    from pipeline.channels.open import open_channels
    from pipeline.notify.routes import load_routing_table

    desk, channels = load_routing_table(settings.notify.routes), open_channels(settings.notify)
    partitions = _partitions_of_states(settings, role)
    return lambda: notify(settings, partitions, desk, channels)


def _record(settings: Settings, stack: ExitStack) -> Build:
    from agents.record import record
    from pipeline.store import StoreRefused
    from pipeline.store.migrate import lacking
    from pipeline.store.open import open_store

    store = open_store(settings)
    stack.callback(store.close)
    if store_address(settings.store) is None:
        from pipeline.web.server import serve_api_in_thread

        store.migrate()
        stack.enter_context(serve_api_in_thread(settings, store))
    elif pending := store.migrate(dry_run=True):
        raise StoreRefused(lacking(pending))
    return lambda: record(settings, store)


def _partitions_of_states(settings: Settings, role: Role) -> int:
    """Return how many partitions the topics that `role` reads have, and so its states.

    Raises Halt where they differ: a state is kept in the partition of its customer's events.
    Raises BrokerError where one is not there.
    """
    changelog = changelog_of(role)
    topics = (*INPUTS[role], changelog)
    bootstrap, security = settings.kafka.bootstrap, client_security(settings.kafka)
    found = partitions_of(bootstrap, topics, security=security)
    if missing := sorted({*INPUTS[role]} - found.keys()):
        raise BrokerError(f"there is no topic {missing[0]}: nabiz topics apply")
    if len({*found.values()}) > 1:
        numbers = ", ".join(f"{name} {count}" for name, count in found.items())
        raise Halt(
            f"{role} needs as many partitions of each of its topics, and they have: {numbers}. "
            f"Make one that was given partitions anew; where {changelog} alone differs, start "
            f"{role} anew: docs/operations.md says how"
        )
    return found[INPUTS[role][0]]


async def run_app(settings: Settings, build: Build) -> None:
    """Run the app of a role until SIGTERM or SIGINT, with its page. Raises BrokerUnavailable."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    app, heartbeat = build()
    app.finalize()
    gc.freeze()  # models and rules stay for good: no collection need look at them
    with serve_page(settings.worker, heartbeat) as address:
        starting = asyncio.ensure_future(app.start())
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            log.info("role stopped before it had started")
            os._exit(0)  # nothing is in hand: a recovery can be left at any point
        try:
            await starting
            log.info("role runs", page=address)
            await _until_stopped_or_crashed(app, stopping)
        except KafkaConnectionError as error:
            raise BrokerUnavailable(
                f"Kafka at {settings.kafka.bootstrap} does not answer ({error}). "
                "Is it running there (NABIZ_KAFKA_BOOTSTRAP)?"
            ) from error
        finally:
            end_within(STOP_WITHIN)
        await app.stop()
    log.info("role stopped")


def end_within(seconds: float) -> None:
    """End this process if it has not ended by then, even where something holds up its event loop.

    Faust waits for a broker that is gone, to flush and to commit, for as long as it is gone, and
    `record` for the store; Faust's threads outlive a start that failed. What is in hand is not
    acknowledged, and comes again.
    """

    def give_up() -> None:
        log.error(
            "role does not stop in order and is ended: Kafka or the store does not answer",
            after=seconds,
        )
        os._exit(EXIT_CRASH)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()


async def _until_stopped_or_crashed(
    app: faust.App, stopping: asyncio.Future[Literal[True]]
) -> None:
    while not stopping.done():
        await asyncio.wait([stopping], timeout=0.5)
        if app.crashed:
            crash(app.crash_reason or RuntimeError("Faust stopped without a reason"))
