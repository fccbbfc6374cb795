"""KPIs in business time, from events in the store."""

from datetime import datetime, timedelta

from pipeline.calendar.calendar_file import load_calendars
from pipeline.config.groups import ROOT
from pipeline.kpi.definitions import Window
from pipeline.model.event import AuthorType
from pipeline.store import Backend, Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import START, scored


@ON_CHDB
def test_a_first_response_is_in_business_time_by_the_calendar(backend: Backend) -> None:
    """60 minutes on Tuesday, 240 until 13:00 on the eve of Republic Day, 60 on Friday."""
    store = Store(backend, calendars=load_calendars(ROOT / "desk" / "calendar.yaml"))
    store.migrate()
    opened = datetime.fromisoformat("2026-10-27T17:00:00+03:00")
    answered = datetime.fromisoformat("2026-10-30T10:00:00+03:00")
    asked, told = ((moment - START).total_seconds() for moment in (opened, answered))
    agent = AuthorType.AGENT
    store.write_events(
        [
            scored("e1", asked, type="ticket.opened", ticket_id="t1"),
            scored("e2", told, type="ticket.replied", ticket_id="t1", author_type=agent),
        ]
    )
    window = Window(opened, answered + timedelta(days=1))
    values = {value.kpi: value.value for value in store.kpis(window, [], window.end)}
    assert values["first_response_business_median"] == 60 + 240 + 60
    assert values["first_response_median"] == 65 * 60
