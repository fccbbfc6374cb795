"""Runs the process of a role until it is told to stop, and kills it if it hangs then."""

import asyncio
import gc
import os
import signal
import threading
from typing import Literal

import structlog
import uvloop
from aiokafka.errors import KafkaConnectionError

from agents.runtime import aiokafka_patches
from agents.runtime.app import App, make_app
from agents.runtime.batches import read_batches
from agents.runtime.component import Component
from agents.runtime.crash import EXIT_CRASH, crash, crashing
from agents.runtime.liveness import Liveness
from agents.runtime.metrics_server import serve_page
from pipeline.broker.errors import BrokerUnavailable

log = structlog.get_logger(__name__)

STOP_WITHIN = 9.0
"""Seconds for an orderly stop; containers are killed after ten."""


def run_process(component: Component) -> None:
    """Run a role until SIGTERM or SIGINT, on uvloop. Raises BrokerUnavailable."""
    uvloop.install()  # Faust's consumer has a loop of its own, in a thread
    aiokafka_patches.apply()
    asyncio.run(run_component(component))


async def run_component(component: Component) -> None:
    """Run a role and its health page until SIGTERM or SIGINT. Raises BrokerUnavailable."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    settings = component.settings
    app = make_app(component.role, settings, component.batching)
    liveness = _attach(app, component)
    app.finalize()
    gc.freeze()  # models and rules stay for good: no collection need look at them
    with serve_page(settings.worker, liveness) as address:
        await app.continuity.begin()
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


def _attach(app: App, component: Component) -> Liveness:
    """Attach a component to an app; return the watch over its progress."""
    liveness = Liveness(app, component.role, component.settings.worker.stall_seconds)
    component.start(app)
    read_batches(app, component, liveness)

    async def assigned(_: object, **__: object) -> None:
        with crashing():
            await component.assigned()

    async def revoked(_: object, __: object, **___: object) -> None:
        with crashing():
            await component.revoked()

    app.on_rebalance_complete.connect(assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(revoked, weak=False)  # type: ignore[arg-type]
    app.before_stop = component.stop
    return liveness


def end_within(seconds: float) -> None:
    """End this process after so many seconds if it still runs, even with a blocked event loop.

    While the broker is down, Faust waits for it to flush and commit, and `record` for the store;
    Faust's threads outlive a failed start. Unfinished messages are not acknowledged, and are
    delivered again.
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


async def _until_stopped_or_crashed(app: App, stopping: asyncio.Future[Literal[True]]) -> None:
    while not stopping.done():
        await asyncio.wait([stopping], timeout=0.5)
        if app.crashed:
            crash(app.crash_reason or RuntimeError("Faust stopped without a reason"))
