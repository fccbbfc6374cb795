"""Exit codes, and errors that a person can act on."""

from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.rules import RuleError
from pipeline.settings import SettingsError
from pipeline.sources.files import SourceError
from pipeline.store import MigrationError, StoreUnavailable
from pipeline.text.open import EngineError
from pipeline.topics import TopicError

EXIT_NO = 1
"""The answer is no: not drained in time, not ready."""
EXIT_MISTAKE = 2
"""An option, a setting or a file is wrong."""
EXIT_AWAY = 3
"""Kafka, the store or the API does not answer."""
EXIT_INTERRUPTED = 130


class Mistake(Exception):  # noqa: N818
    """The user's to mend; the message says how."""


class Away(Exception):  # noqa: N818
    """A system does not answer."""


EXIT_CODES: dict[type[Exception], int] = {
    Mistake: EXIT_MISTAKE,
    SettingsError: EXIT_MISTAKE,
    RuleError: EXIT_MISTAKE,
    SourceError: EXIT_MISTAKE,
    TopicError: EXIT_MISTAKE,
    EngineError: EXIT_MISTAKE,
    MigrationError: EXIT_MISTAKE,
    BrokerError: EXIT_MISTAKE,
    Away: EXIT_AWAY,
    BrokerUnavailable: EXIT_AWAY,
    StoreUnavailable: EXIT_AWAY,
}
"""Errors that are for people; any other is a bug and shows its traceback."""
