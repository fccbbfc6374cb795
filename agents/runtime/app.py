"""The Faust app of a role: its settings, and its checks before the first message is read."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import faust
from faust.types import TP
from yarl import URL

from agents.runtime.batching import Batching
from agents.runtime.continuity import WATCH_EVERY, Continuity
from agents.runtime.crash import crashing
from agents.runtime.faust_check import require_fit_faust
from agents.runtime.fetching import FETCH_WAIT_MS
from agents.runtime.local_files import TABLES, discard_older, discard_unsound
from agents.runtime.transport import Transport
from pipeline.broker.security import client_security
from pipeline.common.folders import plain_name
from pipeline.common.private_files import make_private_folder, unusable
from pipeline.config.groups import KafkaSettings
from pipeline.config.settings import Role, Settings, SettingsError
from pipeline.contracts.topology import INPUTS, group_of

MAX_OUTGOING = 4_194_304
"""Most bytes of an outgoing message: the state of a customer with very many events."""
MAX_BATCH = 524_288
"""Most bytes of a batch to one partition; brokers refuse more than 1 MiB by default."""
METADATA_MAX_AGE_MS = 60_000
"""How long added partitions of a topic may go unread."""
FETCHES_AHEAD = 2
"""Fetches that Faust holds in addition to a whole waiting batch."""


Work: TypeAlias = Callable[[], Awaitable[None]]


class App(faust.App):
    """A Faust app; `before_stop` is awaited while it can still send.

    `few_wait_ms` is how long the broker waits for more when few messages arrive.
    """

    continuity: Continuity
    few_wait_ms: int
    before_stop: Work | None = None

    def every(self, seconds: float, work: Work) -> None:
        """Run `work` every so many seconds. A failure ends the process."""
        self.timer(seconds, name=work.__name__)(self._or_crash(work))

    def beside(self, work: Work) -> None:
        """Run `work` in the background from the start. A failure ends the process."""
        self.task(self._or_crash(work))

    def _or_crash(self, work: Work) -> Work:
        async def do() -> None:
            with crashing():
                await work()

        return do

    def committed_offset(self, topic: str, partition: int) -> int:
        """Return the committed offset of a partition; -1 if unknown."""
        known = self.consumer.committed.get(TP(topic, partition))  # type: ignore[attr-defined]
        return -1 if known is None else int(known)

    def has_read_all(self, partition: int, handled: Mapping[tuple[str, int], int]) -> bool:
        """Return whether all messages of a partition of the role's topics are handled.

        `handled` are the offsets up to which they were since the start; the others are committed.
        """
        consumer: Any = self.consumer
        inputs = [TP(topic, partition) for topic in INPUTS[self.continuity.role]]
        if not consumer.assignment().issuperset(inputs):
            return False
        ends = [consumer.highwater(tp) for tp in inputs]
        known = [max(consumer.committed.get(tp) or 0, handled.get(tp, 0)) for tp in inputs]
        return all(end is not None and end <= at for end, at in zip(ends, known, strict=True))

    def source(self, topic: str, partition: int) -> str:
        """Return the identity of a partition's topic (`Continuity.source`)."""
        return self.continuity.source(TP(topic, partition))

    async def check(self, assigned: Collection[TP]) -> None:
        """Check, before anything is read, that partitions and states are unchanged."""
        tables: Any = self.tables
        if not assigned:
            return
        changelogs = {table.changelog_topic_name: table for table in tables.values()}
        found = await self.continuity.check(assigned, changelogs)
        for tp in assigned:
            if tp.topic in changelogs:
                discard_unsound(self.continuity.role, changelogs[tp.topic], tp, found.end[tp])

    async def on_stop(self) -> None:
        """Stop the component, then the app."""
        if self.before_stop:
            with crashing():
                await self.before_stop()
        await super().on_stop()


def make_app(role: Role, settings: Settings, batching: Batching) -> App:
    """Create the Faust app of a role; only acknowledged offsets are committed.

    Raises UnfitFaust if Faust lacks a part that we need, and SettingsError if the data folder
    cannot be created or written to.
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
        tabledir=TABLES,
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
        broker_max_poll_records=batching.fetch,
        stream_buffer_maxsize=FETCHES_AHEAD,
        stream_recovery_delay=0.0,
        producer_linger=0.0,
        producer_acks=-1,
        producer_max_batch_size=MAX_BATCH,
        producer_max_request_size=MAX_OUTGOING,
        stream_wait_empty=True,  # a batch in flight ends before its partitions go
    )
    discard_older(app.conf.appdir)
    app.continuity = Continuity(role, app.conf.id, settings.worker.instance, settings.kafka)
    app.few_wait_ms = max(FETCH_WAIT_MS, int(batching.within * 1_000))
    app.transport = app.producer_transport = Transport(brokers, app)
    app.every(WATCH_EVERY, app.continuity.watch)
    app.on_rebalance_complete.connect(_hold_the_flow)  # type: ignore[arg-type]
    return app


def faust_credentials(
    kafka: KafkaSettings,
) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Return the `broker_credentials` of a Faust app; None without security.

    Raises SettingsError if a certificate file cannot be read.
    """
    security = client_security(kafka)
    tls = security.get("ssl_context")
    if "sasl_mechanism" in security:
        return faust.SASLCredentials(
            username=security["sasl_plain_username"],
            password=security["sasl_plain_password"],
            mechanism=security["sasl_mechanism"],
            ssl_context=tls,
        )
    return faust.SSLCredentials(tls) if tls else None


def _make_folder(folder: Path) -> None:
    try:
        make_private_folder(folder)
    except OSError as error:
        raise SettingsError(f"NABIZ_DATA: {unusable(folder, error)}") from None


async def _hold_the_flow(app: faust.App, **_: Any) -> None:
    """Suspend fetching until the consumer has sought to the committed offsets.

    Faust resumes partitions before it seeks, and then empties the streams' queues: messages fetched
    in between would be skipped until the next start. It resumes the flow itself, last.
    """
    app.consumer.stop_flow()
