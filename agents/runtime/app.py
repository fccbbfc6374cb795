"""What the roles share: a Faust app, and batches that are acknowledged last."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import faust
from faust.types import TP, EventT
from yarl import URL

from agents.runtime.continuity import LOOK_EVERY, Continuity
from agents.runtime.crash import crashing
from agents.runtime.faust_check import require_fit_faust
from agents.runtime.fetching import FETCH_WAIT_MS
from agents.runtime.liveness import Liveness
from agents.runtime.local_files import demand_sound
from agents.runtime.messages import Message, messages_of
from agents.runtime.transport import RecordsSchema, Transport
from pipeline.broker.security import faust_credentials
from pipeline.common import metrics
from pipeline.common.folders import plain_name
from pipeline.common.private_files import make_private_folder
from pipeline.config.settings import Role, Settings, SettingsError
from pipeline.contracts.topology import INPUTS, URGENT, group_of

Fetch: TypeAlias = EventT[Any]

MAX_OUTGOING = 4_194_304
"""Largest message that a role sends, in bytes: the state of a customer with very many events."""
MAX_BATCH = 524_288
"""Bytes of a batch to one partition; brokers refuse more than 1 MiB unless told otherwise."""
METADATA_MAX_AGE_MS = 60_000
"""How long partitions that a topic was given may go unread."""
FEW, FEW_WAIT = 50, 4
"""A batch of so few messages may wait so many times as long: each has a cost, whatever its size."""
_RECEIVED = attrgetter("received_at")
FETCHES_AHEAD = 2
"""Fetches that Faust holds for a role which has a whole batch waiting already."""


class App(faust.App):
    """A Faust app; `settle` is awaited before its consumer stops, and with it the right to send.

    `few_wait_ms` is how long few messages wait for each other in the broker.
    """

    continuity: Continuity
    few_wait_ms: int = FETCH_WAIT_MS
    settle: Callable[[], Awaitable[None]] | None = None

    async def look(self, assigned: Collection[TP]) -> None:
        """See, before anything is read, that partitions and states are as they were left."""
        tables: Any = self.tables
        if not assigned:
            return
        changelogs = {table.changelog_topic_name: table for table in tables.values()}
        found = await self.continuity.look(assigned, changelogs)
        for tp in assigned:
            if tp.topic in changelogs:
                demand_sound(self.continuity.role, changelogs[tp.topic], tp, found.end[tp])

    async def on_stop(self) -> None:
        """Stop in order."""
        if self.settle:
            await self.settle()
        await super().on_stop()


def make_app(role: Role, settings: Settings, fetch: int | None = None) -> App:
    """Make the Faust app of a role; offsets are committed only for what is acknowledged.

    One poll brings up to `fetch` messages, by default as many as a batch may have.
    Raises UnfitFaust where Faust is not as we need it, and SettingsError where the data folder
    cannot be made or written to.
    """
    require_fit_faust()
    datadir = settings.data / "state" / (settings.worker.instance or role)
    _make_folder(datadir)
    brokers = [URL(f"kafka://{host}") for host in settings.kafka.bootstrap.split(",")]
    app = App(
        group_of(role),
        broker=brokers,
        broker_credentials=faust_credentials(settings.kafka),
        store="rocksdb://?driver=rocksdict",
        datadir=plain_name(datadir),
        key_serializer="raw",
        value_serializer="raw",
        topic_replication_factor=settings.kafka.replication,
        topic_disable_leader=True,
        web_enabled=False,
        web_tables_enabled=False,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MAX_AGE_MS,
        producer_metadata_max_age_ms=METADATA_MAX_AGE_MS,
        consumer_group_instance_id=settings.worker.instance or None,
        broker_commit_interval=settings.kafka.commit_interval,
        broker_session_timeout=settings.kafka.session_timeout,
        broker_heartbeat_interval=settings.kafka.session_timeout / 5,
        broker_max_poll_records=fetch or settings.kafka.batch_size,
        stream_buffer_maxsize=FETCHES_AHEAD,
        stream_recovery_delay=0.0,
        producer_linger=0.0,
        producer_acks=-1,
        producer_max_batch_size=MAX_BATCH,
        producer_max_request_size=MAX_OUTGOING,
        stream_wait_empty=True,  # a batch in flight ends before its partitions go
    )
    app.continuity = Continuity(role, app.conf.id, settings.worker.instance, settings.kafka)
    app.transport = app.producer_transport = Transport(brokers, app)

    @app.timer(LOOK_EVERY, name="watch-topics")  # type: ignore[untyped-decorator]
    async def watch() -> None:
        with crashing():
            await app.continuity.watch()

    app.on_rebalance_complete.connect(_hold_the_flow)  # type: ignore[arg-type]
    return app


def _make_folder(folder: Path) -> None:
    try:
        make_private_folder(folder)
    except OSError as error:
        raise SettingsError(
            f"NABIZ_DATA: {folder} cannot be made or written to ({error.strerror}): name another "
            "folder, or give this user the right to write there"
        ) from None


async def _hold_the_flow(app: faust.App, **_: Any) -> None:
    """Let nothing be fetched until the consumer stands at the committed offsets.

    Faust lets partitions go before it seeks, and then empties the streams' queues: messages that
    came in between would be passed over until the next start. It resumes the flow itself, last.
    """
    app.consumer.stop_flow()


Effect: TypeAlias = Coroutine[Any, Any, None]
Handler: TypeAlias = Callable[[Sequence[Message]], Awaitable[Effect]]
"""Works out what a batch leads to, and returns what is still to be awaited to make that durable."""


def role_agent(
    app: App,
    role: Role,
    settings: Settings,
    handle: Handler,
    *,
    size: int | None = None,
    within: float = 0.0,
) -> Liveness:
    """Read the topics of `role` in batches; acknowledge each batch after its effect.

    What came while a batch was handled is the next one, of up to about `size` messages (by default
    what one poll can bring); `within` is how many seconds more it may wait to fill: latency for
    fewer, larger batches. A batch is worked on while the effect of the one before is confirmed;
    effects follow each other. A failure ends the process: Faust would acknowledge and go on, a new
    process is given the batch again.
    """
    heartbeat = Liveness(app, role, settings.worker.stall_seconds)
    app.few_wait_ms = max(FETCH_WAIT_MS, int(within * 1_000))
    source = app.topic(*INPUTS[role], schema=RecordsSchema())

    async def finish(
        stream: Any, fetches: Sequence[Fetch], newest: datetime, effect: Effect
    ) -> None:
        with crashing():
            await effect
            for fetch in fetches:
                await stream.ack(fetch)
            count = sum(len(fetch.value) for fetch in fetches)
            metrics.BATCH_SIZE.labels(role).observe(count)
            metrics.EVENTS.labels(role).inc(count)
            heartbeat.handled(newest)

    async def work(stream: Any) -> None:
        last: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        last.set_result(None)
        with crashing():
            async with aclosing(
                batches(stream, size or app.conf.broker_max_poll_records, within)
            ) as taken:
                async for fetches in taken:
                    now = utc_now()
                    messages = [*merge(*(messages_of(one, now) for one in fetches), key=_RECEIVED)]
                    effect = await handle(messages)
                    await asyncio.shield(last)
                    last = asyncio.ensure_future(
                        finish(stream, fetches, messages[-1].received_at, effect)
                    )

    app.agent(source, name=role)(work)
    return heartbeat


async def batches(stream: Any, size: int, within: float) -> AsyncGenerator[list[Fetch], None]:
    """Yield the fetches that came since the last batch, none acknowledged.

    A batch is complete when it has `size` messages, or `within` seconds are over and it has more
    than a few (FEW), or FEW_WAIT times as long; as much is fetched ahead while the last batch is
    handled. What cannot wait goes in a batch of its own, before the others. Raises what the stream
    raises, after what came.
    """
    waiting: list[Fetch] = []
    changed = asyncio.Condition()
    stream.enable_acks = False

    def holds(messages: int) -> bool:
        return sum(len(fetch.value) for fetch in waiting) >= messages

    async def wait_for(messages: int, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await changed.wait_for(lambda: holds(messages) or collecting.done())

    async def collect() -> None:
        try:
            async for _ in stream:
                async with changed:
                    await changed.wait_for(lambda: not holds(size))
                    waiting.append(stream.current_event)
                    changed.notify_all()
        finally:
            async with changed:
                changed.notify_all()

    collecting = asyncio.create_task(collect())
    try:
        while True:
            async with changed:
                await changed.wait_for(lambda: waiting or collecting.done())
                await wait_for(size, within)
                await wait_for(min(FEW, size), (FEW_WAIT - 1) * within)
                urgent = [one for one in waiting if one.message.topic == URGENT]
                others = [one for one in waiting if one.message.topic != URGENT]
                taken, waiting[:] = (urgent, others) if urgent else (others, [])
                changed.notify_all()
            if not taken:
                await collecting
                return
            yield taken
    finally:
        collecting.cancel()


def utc_now() -> datetime:
    """Return the time by the clock on the wall."""
    return datetime.now(UTC)
