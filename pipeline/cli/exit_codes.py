"""Maps errors to exit codes."""

import errno
import sys

from agents.runtime.crash import Halt
from agents.runtime.faust_check import UnfitFaust
from pipeline.access.accounts import AccountError
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.calendar.calendar_file import CalendarError
from pipeline.channels.channel import ChannelError
from pipeline.cli.errors import EXIT_AWAY, EXIT_MISTAKE, Unavailable, UsageError
from pipeline.config.settings import SettingsError
from pipeline.contracts.topics import TopicError
from pipeline.contracts.topology import EXIT_HALT
from pipeline.detection.rules import RuleError
from pipeline.follow_up.sla import SlaError
from pipeline.ingest.uncounted import UncountedError
from pipeline.notify.routes import RoutesError
from pipeline.sources.source import SourceError
from pipeline.store import BackupError, MigrationError, StoreRefused, StoreUnavailable
from pipeline.text.open import EngineError

EXIT_CODES: dict[type[Exception], int] = {
    UsageError: EXIT_MISTAKE,
    SettingsError: EXIT_MISTAKE,
    AccountError: EXIT_MISTAKE,
    RuleError: EXIT_MISTAKE,
    SourceError: EXIT_MISTAKE,
    ChannelError: EXIT_MISTAKE,
    RoutesError: EXIT_MISTAKE,
    CalendarError: EXIT_MISTAKE,
    SlaError: EXIT_MISTAKE,
    UncountedError: EXIT_MISTAKE,
    TopicError: EXIT_MISTAKE,
    EngineError: EXIT_MISTAKE,
    UnfitFaust: EXIT_MISTAKE,
    MigrationError: EXIT_MISTAKE,
    BackupError: EXIT_MISTAKE,
    StoreRefused: EXIT_MISTAKE,
    BrokerError: EXIT_MISTAKE,
    Unavailable: EXIT_AWAY,
    BrokerUnavailable: EXIT_AWAY,
    StoreUnavailable: EXIT_AWAY,
    Halt: EXIT_HALT,
}
"""Errors with advice for the user; any other is a bug and shows its traceback."""


def for_people(error: Exception) -> Exception:
    """Translate an error of the operating system for the user; return others unchanged."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UsageError(f"no space is left for {error.filename or 'what is printed'}: make room")
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        encoding = sys.getfilesystemencoding()
        return UsageError(f"an argument is not text in the encoding of this terminal, {encoding}")
    return error


def exit_code(error: Exception) -> int | None:
    """Return the exit code, or None for a bug."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), None)
