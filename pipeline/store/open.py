"""Opens the configured store."""

from pipeline.calendar.calendar_file import load_calendars
from pipeline.config.settings import Settings, store_address
from pipeline.store import Store, open_chdb, open_server


def open_store(settings: Settings) -> Store:
    """Open the configured ClickHouse server, else the in-process engine in the data folder.

    Raises StoreUnavailable if another process uses the folder, StoreRefused if this user cannot
    create it or write to it, CalendarError if the calendar is invalid.
    """
    pauses, calendars = settings.detect.pauses, load_calendars(settings.calendar.file)
    address = store_address(settings.store)
    if address is None:
        return open_chdb(settings.data / "store", pauses, calendars)
    return open_server(**address.model_dump(), pauses=pauses, calendars=calendars)
