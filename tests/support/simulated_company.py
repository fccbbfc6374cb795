"""A simulated company with its board but without Kafka: actions take effect at once."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from pipeline.access.access import Access, AccessConfig, AccessDependencies
from pipeline.access.accounts import AccountBook
from pipeline.access.passwords import Passwords
from pipeline.access.trail import AuditTrail
from pipeline.board.board import Board
from pipeline.board.board_config import load_board_config
from pipeline.board.inbox.live import KEPT, Live, is_over, item_of
from pipeline.board.pages import PAGES
from pipeline.broker.security import Cluster
from pipeline.config.connectors import ConnectorsSettings
from pipeline.config.groups import ROOT, DetectSettings
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.connections import open_connections
from pipeline.connectors.watch.traffic import Traffic
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import RuleBook
from pipeline.follow_up.case import Case
from pipeline.follow_up.state import FollowUpState, ReceivedChange, advance, apply_changes
from pipeline.follow_up.value import FollowUp, Stage
from pipeline.model.action import Action
from pipeline.model.alert import Alert, AlertState
from pipeline.model.audit import AuditEntry
from pipeline.model.event import Event
from pipeline.model.reading import Scored
from pipeline.service.connections import Connections
from pipeline.service.observer import Observation
from pipeline.service.service import Service
from pipeline.service.uploads import Uploads
from pipeline.service.views import ActionRequest, PartitionStatus
from pipeline.sources.simulate import simulate
from pipeline.sources.simulate.desk import actions_on
from pipeline.store import Store
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from pipeline.web.app import make_app
from tests.support.follow_ups import SLA
from tests.support.stand_in_api import service_over

RULES = RuleBook(ROOT / "rules")
DESK = load_board_config(ROOT / "desk" / "board.yaml", ROOT / "desk" / "calendar.yaml")
SETTINGS = DetectSettings()
CLUSTER = Cluster("kafka:9092", {})


class Company:
    """Events, the last state of each alert, follow-ups and actions.

    It stands in for the store and the publisher of the board.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.live = Live(DESK.value)
        self.events: dict[str, list[Scored]] = {}
        self.known: dict[str, Alert] = {}
        self.customers: dict[str, FollowUpState] = {}
        self.done: list[Action] = []
        self.noted: list[AuditEntry] = []
        self._ids = Random(1)

    def happen(self, alerts: Iterable[Alert]) -> None:
        """Publish changes of alerts."""
        for alert in alerts:
            self.known[alert.id] = alert
            self.live.take(alerts=[alert])
            self._hear(alert)

    def act(self, alert_id: str, request: ActionRequest, by: str, at: datetime) -> Action:
        """Publish an action."""
        action_id = str(UUID(int=self._ids.getrandbits(128)))
        fields = msgspec.structs.asdict(request) | {"action_id": action_id}
        customer_id = self._customer_of(alert_id)
        action = Action(alert_id=alert_id, customer_id=customer_id, by=by, at=at, **fields)
        self.take(action)
        return action

    def take(self, action: Action) -> None:
        """Apply an action."""
        self.done.append(action)
        self.live.take(actions=[action])
        self._hear(action)

    def _hear(self, change: Alert | Action) -> None:
        state = self.customers.get(change.customer_id, FollowUpState())
        state = apply_changes(state, [ReceivedChange(change, self.clock())], SLA)
        while (later := advance(state, SLA, self.clock())) != state:
            state = later
        self.customers[change.customer_id] = state
        self.live.take(cases=[one.case for one in state.cases])

    def _customer_of(self, id_: str) -> str:
        """The customer of an alert or a case."""
        if id_ in self.known:
            return self.known[id_].customer_id
        return next(case.customer_id for case in self.cases(case_ids=[id_]))

    # The methods of a store that the board uses.

    def alerts(
        self,
        *,
        since: datetime | None = None,
        customer_id: str | None = None,
        ids: Sequence[str] | None = None,
        states: Sequence[AlertState] | None = None,
        limit: int = 100,
    ) -> list[Alert]:
        found = [
            alert
            for alert in self.known.values()
            if (since is None or alert.opened_at >= since)
            and customer_id in (None, alert.customer_id)
            and (ids is None or alert.id in ids)
            and (states is None or alert.state in states)
        ]
        return sorted(found, key=lambda alert: alert.opened_at, reverse=True)[:limit]

    def inbox(self, since: datetime, limit: int) -> list[str]:
        items = (item_of(case, self.known, {}) for case in self.cases())
        return [item.id for item in items if item and not is_over(item, since + KEPT)][:limit]

    def follow_ups(
        self,
        *,
        stages: Sequence[Stage] | None = None,
        customer_id: str | None = None,
        alert_ids: Sequence[str] | None = None,
        limit: int = 1_000,
    ) -> list[FollowUp]:
        found = [
            follow_up
            for state in self.customers.values()
            for alert in state.alerts
            if (follow_up := alert.follow_up)
            and (stages is None or follow_up.stage in stages)
            and customer_id in (None, follow_up.customer_id)
            and (alert_ids is None or alert.alert_id in alert_ids)
        ]
        return sorted(found, key=lambda follow_up: follow_up.updated_at, reverse=True)[:limit]

    def cases(
        self,
        *,
        customer_id: str | None = None,
        case_ids: Sequence[str] | None = None,
        alert_ids: Sequence[str] | None = None,
        limit: int = 1_000,
    ) -> list[Case]:
        found = [
            one.case
            for state in self.customers.values()
            for one in state.cases
            if customer_id in (None, one.case.customer_id)
            and (case_ids is None or one.case.case_id in case_ids)
            and (alert_ids is None or {*alert_ids} & {part.alert_id for part in one.case.causes})
        ]
        return sorted(found, key=lambda case: case.updated_at, reverse=True)[:limit]

    def actions(
        self, alert_id: str = "", customer_id: str = "", limit: int = 1_000
    ) -> list[Action]:
        found = [
            action
            for action in reversed(self.done)
            if alert_id in ("", action.alert_id) and customer_id in ("", action.customer_id)
        ]
        return found[:limit]

    def timeline(self, customer_id: str, limit: int) -> list[Scored]:
        return self.events.get(customer_id, [])[::-1][:limit]


def app_of(
    company: Company,
    *,
    store: object = None,
    partitions: Sequence[PartitionStatus] = (),
    book: AccountBook | None = None,
    passwords: Passwords | None = None,
    token: str = "",
    hosts: frozenset[str] = frozenset({"127.0.0.1", "testserver.local"}),
    rules: RuleBook = RULES,
    connections: Connections | None = None,
):  # type: ignore[no-untyped-def]
    """Return the API with its board for the company (and a store with its events)."""

    class CompanyService(Service):
        """A service that publishes to the company instead of Kafka."""

        def act(
            self, alert_id: str, asked: ActionRequest, by: str, customer_id: str = ""
        ) -> Action | None:
            return company.act(alert_id, asked, by, company.clock())

    service = service_over(
        *(store or company, Observation(tuple(partitions), None), company.clock, rules),
        kind=CompanyService,
    )
    trail = AuditTrail(company.noted.extend)
    access = Access(
        AccessConfig(token=token, hosts=hosts),
        AccessDependencies(trail, company.clock, book=book, passwords=passwords),
    )
    connections = connections or unconnected()
    board = Board(
        config=DESK,
        detect=SETTINGS,
        pages=PAGES,
        service=service,
        live=company.live,
        connections=connections,
        uploads=Uploads(CLUSTER, connections.book, DESK.zone, company.clock),
        engine=lambda: load_engine("fast"),
        clock=company.clock,
    )
    return make_app(service, access, board)


def unconnected() -> Connections:
    """Return connections of which there are none, to the systems that are delivered."""
    book = open_connections(ConnectorsSettings())
    return Connections(book, Traffic(), ROOT / "connectors", DESK.zone, lambda: Seal(["k" * 32]))


def simulated(
    clock: Callable[[], datetime], *, seed: int = 3, customers: int = 600, days: float = 1.0
) -> Company:
    """Return a company with the events of the last days, most of whose alerts were handled."""
    now = clock()
    company = Company(clock)
    changes: list[Alert] = []
    for scored in read(simulate(seed, now - timedelta(days=days), customers, days)):
        company.events.setdefault(scored.event.customer_id, []).append(scored)
    for events in company.events.values():
        arrivals = [Arrival(scored, 0, offset) for offset, scored in enumerate(events)]
        changes += apply(None, arrivals, RULES.rules, SETTINGS)[1]
    company.happen(sorted(changes, key=lambda alert: alert.updated_at))
    for alert in list(company.known.values()):
        for action in actions_on(alert):
            if action.at < now:
                company.take(action)
    return company


def stored(company: Company, store: Store) -> Store:
    """Fill a store with the data of a company."""
    store.migrate()
    store.write_events([scored for events in company.events.values() for scored in events])
    store.write_alerts([*company.known.values()])
    store.write_follow_ups(company.follow_ups(limit=len(company.known)))
    store.write_cases(company.cases(limit=len(company.known)))
    store.write_actions(company.done)
    return store


def read(events: Iterable[Event]) -> list[Scored]:
    """Read the texts of events like `understand`."""
    listed = sorted(events, key=lambda event: (event.occurred_at, event.event_id))
    reader = Reader(load_engine("fast"))
    spoken = [event for event in listed if event.text]
    readings = reader.read(
        [event.text or "" for event in spoken], [event.language for event in spoken]
    )
    by_id = {event.event_id: said for event, said in zip(spoken, readings, strict=True)}
    return [Scored(event, by_id.get(event.event_id), event.occurred_at) for event in listed]
