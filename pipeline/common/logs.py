"""Structured logs: one JSON object a line, or plain lines on a terminal.

No personal data: log counts, topics, offsets and reason codes, never a text or a customer.
"""

import logging
import sys
import time
from collections.abc import Callable

import structlog

from pipeline.common.plurals import counted

OURS = ("pipeline", "agents")
REPEATED_EVERY = 60.0
"""Seconds during which a repeated record is suppressed."""
MOST_KINDS = 1_000
"""Most distinct records that are remembered; a pre-formatted message counts as its own kind."""


class Once(logging.Filter):
    """Passes a repeated library record once a minute, with the number of repetitions.

    A client whose broker is down logs it a hundred times a second. Records are the same if logger,
    place in the code and template are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log the record; a repeated record carries its count."""
        if record.name.startswith(OURS):
            return True
        kind, now = (record.name, record.lineno, str(record.msg)), self._clock()
        since, times = self._said.get(kind, (float("-inf"), 0))
        if now - since < REPEATED_EVERY:
            self._said[kind] = (since, times + 1)
            return False
        if len(self._said) >= MOST_KINDS:
            self._said.clear()
        self._said[kind] = (now, 0)
        if times:
            record.msg = f"{record.msg} (and {counted(times, 'time')} more)"
        return True


def configure_logging(role: str) -> None:
    """Write our logs, and library warnings and errors, to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Once())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in OURS:
        logging.getLogger(ours).setLevel(logging.INFO)
    # They log each failed connection with its traceback; what matters is raised.
    for client in ("kafka", "clickhouse_driver"):
        logging.getLogger(client).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)
