"""An API with stand-ins for store and publisher."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Litestar

from pipeline.access.access import Access, AccessConfig, AccessDependencies
from pipeline.access.trail import AuditTrail
from pipeline.broker.continuity import FailedRules
from pipeline.broker.security import Cluster
from pipeline.config.groups import ROOT, DetectSettings
from pipeline.contracts.topology import RETRY_HEADER
from pipeline.detection.rules import RuleBook
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp
from pipeline.kpi.definitions import Facts, KpiValue, Window, kpi_values
from pipeline.model.alert import Alert
from pipeline.model.audit import AuditEntry
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.model.reading import Scored
from pipeline.service.observer import Observation, Observer
from pipeline.service.service import Service, ServiceConfig, ServiceDependencies
from pipeline.service.views import PartitionStatus
from pipeline.web.app import make_app

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = RuleBook(ROOT / "rules")
SEEN = PartitionStatus("detect", "cx.scored", 0, 7, 1.5, 3, 2.0, NOW)


def letter(offset: int, topic: str = "cx.feedback", **fields: object) -> DeadLetter:
    values = {"reason": Reason.NOT_JSON, "sentence": "It ends.", "payload": b"{", "key": b"c1"}
    return DeadLetter(topic, 0, offset, received_at=NOW, **(values | fields))  # type: ignore[arg-type]


class FakeStore:
    """Records its last request; raises `fault`, if set, instead of answering."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.events: list[Scored] = []
        self.letters: list[DeadLetter] = []
        self.written: list[AuditEntry] = []
        self.unknown: list[tuple[str, str, int]] = []
        self.fault: Exception | None = None

    def ping(self) -> str:
        if self.fault:
            raise self.fault
        return "26.9"

    def counts(self) -> dict[str, int]:
        return {"events": 3}

    def dead_letter_counts(self) -> dict[str, int]:
        return {"not_json": 1}

    def unknown_values(self, since: datetime) -> list[tuple[str, str, int]]:
        return self.unknown

    def kpis(self, window: Window, by: list[str], as_of: datetime) -> list[KpiValue]:
        self.asked = {"window": window, "by": by, "as_of": as_of}
        return kpi_values(Facts(counts={"events": 3}), {}, window, as_of)

    def alerts(self, **asked: Any) -> list[Alert]:
        self.asked = asked
        return []

    def follow_ups(self, **asked: Any) -> list[FollowUp]:
        self.asked = asked
        return []

    def cases(self, **asked: Any) -> list[Case]:
        self.asked = asked
        return []

    def timeline(self, customer_id: str, limit: int) -> list[Scored]:
        return [scored for scored in self.events if scored.event.customer_id == customer_id]

    def dead_letters(self, reason: Reason | None, limit: int) -> list[DeadLetter]:
        self.asked = {"reason": reason, "limit": limit}
        return self.letters

    def audit(self, *asked: Any) -> list[AuditEntry]:
        self.asked = {"audit": asked}
        return []

    def write_dead_letters(self, letters: list[DeadLetter]) -> None:
        self.letters = letters


def api(
    store: FakeStore,
    token: str = "",
    rules: RuleBook = RULES,
    access: Access | None = None,
    noted: tuple[FailedRules, ...] = (),
) -> Litestar:
    service = service_over(store, Observation((SEEN,), None, noted), lambda: NOW, rules)
    config = AccessConfig(token=token, hosts=frozenset({"testserver.local"}))
    dependencies = AccessDependencies(AuditTrail(store.written.extend), lambda: NOW)
    return make_app(service, access or Access(config, dependencies))


def service_over(
    store: Any,
    seen: Observation,
    clock: Callable[[], datetime],
    rules: RuleBook = RULES,
    kind: type[Service] = Service,
) -> Service:
    """Return a service with a store and an observation of an absent broker."""
    cluster = Cluster("kafka:9092")
    observer = Observer(cluster)
    observer.latest = seen
    config = ServiceConfig(cluster, DetectSettings())
    return kind(config, ServiceDependencies(store, observer, rules, clock))


class FakePublisher:
    sent: list[tuple[str, bytes | None, bytes]]

    def __init__(self, bootstrap: str, security: object) -> None:
        type(self).sent = []

    def __enter__(self) -> "FakePublisher":
        return self

    def __exit__(self, *_: object) -> None: ...

    def send(
        self, topic: str, key: bytes | None, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        assert [name for name, _ in headers] == [RETRY_HEADER]
        self.sent.append((topic, key, value))

    def flush(self) -> None: ...
