"""Imports that the processes of one machine share, made once by the fork server.

Nothing here may start a thread, which a fork would lack.
"""

import gc
import os
from contextlib import suppress
from importlib import import_module

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
gc.disable()  # what is made here stays: to look for garbage would only take time

from pipeline.broker.tied_to_parent import tie_to_parent  # noqa: E402

tie_to_parent(os.getppid())

import agents.receive  # noqa: E402, F401
import agents.run  # noqa: E402, F401
import pipeline.channels.open  # noqa: E402, F401
import pipeline.cli.worker  # noqa: E402, F401
import pipeline.store.open  # noqa: E402, F401
import pipeline.web.server  # noqa: E402, F401
from pipeline.calendar.calendar_file import CalendarError, load_calendars  # noqa: E402
from pipeline.cli import simulate  # noqa: E402, F401
from pipeline.config.settings import STREAM_ROLES, SettingsError, load_settings  # noqa: E402
from pipeline.text.open import EngineError, open_engine  # noqa: E402

for role in STREAM_ROLES:
    import_module(f"agents.{role}")
with suppress(CalendarError, SettingsError):  # the role that needs it says so
    load_calendars(load_settings().calendar.file)
with suppress(EngineError, SettingsError):
    open_engine(load_settings().engine)
gc.freeze()
