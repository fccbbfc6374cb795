"""A connection to 18.16 that skips unsupported migrations."""

import logging
from collections.abc import Mapping

from pipeline.store.backend import Parameter, Row
from pipeline.store.migrate import shipped
from pipeline.store.server import ServerBackend

TOO_NEW = {
    "dead_letters/002_ttl",  # 19.6
    "known_events/004_small_blocks",  # 22.8
}
"""Skipped migrations, recorded as applied, so that roles find none pending."""

# The client warns at each statement about a setting that this server does not know.
logging.getLogger("clickhouse_driver.settings.writer").setLevel(logging.ERROR)

_PASSED_OVER = {migration.sql for migration in shipped() if migration.name in TOO_NEW}


class OldServerBackend(ServerBackend):
    """Migrates 18.16, so that every role can use the store."""

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        """Run one statement, unless it is a migration in TOO_NEW."""
        return [] if sql in _PASSED_OVER else super().execute(sql, parameters)
