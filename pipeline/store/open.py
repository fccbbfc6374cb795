"""Opens the configured store."""

from pipeline.calendar.calendar import AROUND_THE_CLOCK
from pipeline.calendar.calendar_file import load_calendars
from pipeline.config.settings import Settings, store_address
from pipeline.store import Store, open_chdb, open_server


def open_store(settings: Settings, *, with_kpis: bool = True) -> Store:
    """Open the configured ClickHouse server, else the in-process engine in the data folder.

    `with_kpis`: KPIs will be read, which takes the calendar. Raises StoreUnavailable if another
    process uses the folder, StoreRefused if this user cannot create it or write to it,
    CalendarError if the calendar is invalid.
    """
    pauses = settings.detect.pauses
    calendars = load_calendars(settings.calendar.file) if with_kpis else AROUND_THE_CLOCK
    address = store_address(settings.store)
    if address is None:
        return open_chdb(settings.data / "store", pauses, calendars)
    return open_server(**address.model_dump(), pauses=pauses, calendars=calendars)
