"""Makes every fixture of every mapping a delivery on cx.received, with its own connection."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from pipeline.config.groups import ROOT
from pipeline.connectors.connection import connection_of
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping as SystemMapping
from pipeline.connectors.recorded import Fetch
from pipeline.connectors.setup.book import Fixture, MappingBook, read_fixture
from pipeline.connectors.setup.connection_checks import PSEUDONYM_KEY, needed_by
from pipeline.connectors.trial import Trial, tried
from pipeline.connectors.verify.admission import Accepted, admit

NOW = datetime.now(UTC)
Answers = Mapping[str, Fetch]


class Sent(NamedTuple):
    """A fixture to send with its outcome; `name` is that of its system and its own.

    `is_posted` says whether it arrives as a request of the system.
    """

    name: tuple[str, str]
    is_posted: bool
    connection: str
    delivery: Delivery
    trial: Trial


def connected(folder: Path, api: str) -> tuple[Path, list[Sent], dict[str, Fetch]]:
    """Write a file of connections; return it, the fixtures to send, and the answers of the API.

    Left out are fixtures that the receiver would refuse, that need a memory which no other fixture
    sets, or that request addresses outside `base_url`. `api` replaces the addresses of APIs in
    connections.
    """
    book = MappingBook(ROOT / "connectors")
    entries: list[dict[str, Any]] = []
    sent, answers = [], {}
    for system in book.systems:
        mapping = book.mapping(system)
        secrets = {PSEUDONYM_KEY, *(k for k, v in mapping.form.settings.items() if v.secret)}
        for path in sorted((ROOT / "connectors" / system / "fixtures").glob("*.json")):
            fixture = read_fixture(path)
            name = f"{system}-{len(entries)}".replace("_", "-")
            needed = (
                needed_by(mapping, fixture.connection.get("auth", "")) - mapping.defaults.keys()
            )
            given = {name: {} if name == "questions" else "needed" for name in sorted(needed)}
            settings = given | fixture.connection
            base = settings.get("base_url")
            whole = {**mapping.defaults, **settings}
            fixture = msgspec.structs.replace(fixture, connection=whole)
            trial = tried(fixture, mapping, NOW)
            if not _is_kept(fixture, mapping) or fixture.remembered:
                continue
            if not all(base and fetch.url.startswith(base) for fetch in fixture.fetches):
                continue
            if base:
                settings["base_url"] = f"{api}/{name}"
                for fetch in fixture.fetches:
                    answers[fetch.url.replace(base, f"/{name}")] = fetch
            entries.append(
                {"name": name, "system": system, **dict(_in_files(folder, name, settings, secrets))}
            )
            delivery = _named(fixture.delivery(NOW), name)
            is_posted = fixture.transport == "webhook"
            sent.append(Sent((system, path.stem), is_posted, name, delivery, trial))
    file = folder / "connections.yaml"
    file.write_text(yaml.safe_dump({"connections": entries}, allow_unicode=True))
    return file, sent, answers


def _is_kept(fixture: Fixture, mapping: SystemMapping) -> bool:
    """Return whether the receiver would store it: no handshake, no ping, no forgery."""
    if fixture.transport != "webhook":
        return True
    connection = connection_of(mapping.system, mapping.system, fixture.connection)
    return isinstance(admit(fixture.delivery(NOW), mapping, connection), Accepted)


def _named(delivery: Delivery, connection: str) -> Delivery:
    return msgspec.structs.replace(delivery, connection=connection)


def _in_files(
    folder: Path, name: str, settings: Mapping[str, Any], secrets: set[str]
) -> Iterator[tuple[str, Any]]:
    """Yield settings, with secrets replaced by file names."""
    for key, value in settings.items():
        if key in secrets:
            file = folder / f"{name}.{key}"
            file.write_text(str(value))
            file.chmod(0o600)
            yield f"{key}_file", file.name
        else:
            yield key, value
