"""Builds connections from the file, checked against the mappings of their systems."""

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from itertools import starmap
from typing import Any, TypeVar

import msgspec

from pipeline.common.time_zones import time_zone
from pipeline.common.yaml_source import SourceFileError
from pipeline.connectors.connection import Connection, connection_of, question_flaws
from pipeline.connectors.language.form import QUESTIONS
from pipeline.connectors.language.verify_form import Jwt, Verify
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.setup.connection_file import FILE_OF, CommonSettings, Entry

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SETTING = re.compile(r"\{connection\.(\w+)")
_COMMON = frozenset(CommonSettings.__struct_fields__)
PSEUDONYM_KEY = "pseudonym_key"
MEANINGS = {
    "questions": f"{QUESTIONS.meaning.en}, as {QUESTIONS.example}",
    "public_url": "Address that the system sends to, such as https://nabiz.firma.com/in/NAME",
    PSEUDONYM_KEY: "Key of pseudonyms, at the top of the file; `nabiz connectors add` makes it",
}
"""Meanings of settings that a connection may need without its mapping declaring them."""


def name_of(entry: Entry) -> str:
    """Return the name of a connection. Raises ConnectionsError."""
    name = entry.data.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise entry.error(
            "name",
            f"{entry.place}: `name` is part of the address /in/NAME: it must be 1 to 63 lower-case "
            "letters, digits, - and _, a letter or digit first",
        )
    return name


def system_of(entry: Entry, systems: Iterable[str]) -> str:
    """Return the system of a connection. Raises ConnectionsError."""
    system, known = str(entry.data.get("system", "")), sorted(systems)
    if not system:
        raise entry.error("", f"`system` is missing: one of {', '.join(known)}")
    if system not in known:
        raise entry.error("system", f"there is no system `{system}`{_meant(system, known)}")
    return system


class Flaws(list[SourceFileError]):
    """What is wrong with an entry: all of it, not only what is found first."""

    def noted(self, read: Callable[[], T], otherwise: T) -> T:
        """Return what is read, or something else where that raises, which is noted."""
        try:
            return read()
        except SourceFileError as error:
            self.append(error)
            return otherwise


def connection_in(entry: Entry, mapping: Mapping) -> Connection:
    """Return the connection that an entry is. Raises ConnectionsError, of its first flaw."""
    flaws = Flaws()
    name = name_of(entry)
    settings = settings_in(entry, name, mapping, flaws)
    for flaw in flaws:
        raise flaw
    return connection_of(name, mapping.system, settings)


def settings_in(entry: Entry, name: str, mapping: Mapping, flaws: Flaws) -> dict[str, Any]:
    """Return the settings of an entry; one with a flaw is as the file has it."""
    form, settings = entry.source.form, dict(mapping.defaults)
    for key, value in entry.settings.items():
        as_it_is = (key.removesuffix(FILE_OF), value)
        read = partial(_setting, entry, key, mapping, flaws)
        settings |= [flaws.noted(read, as_it_is)]
    if form.public_url:
        settings.setdefault("public_url", f"{form.public_url.rstrip('/')}/in/{name}")
    if PSEUDONYM_KEY not in settings and (
        key := flaws.noted(entry.source.pseudonym_key, entry.source.form.pseudonym_key_file)
    ):
        settings[PSEUDONYM_KEY] = key
    flaws += _missing(entry, name, mapping, settings)
    if "questions" in settings:
        flaws += starmap(entry.error, question_flaws(settings["questions"]))
    return settings


def _setting(entry: Entry, key: str, mapping: Mapping, flaws: Flaws) -> tuple[str, Any]:
    """Return name and value of a setting. Raises ConnectionsError."""
    declared, value = mapping.form.settings, entry.settings[key]
    secrets = {PSEUDONYM_KEY, *(name for name in declared if declared[name].secret)}
    plain = (
        _COMMON | declared.keys() | set(filter(None, mapping.form.memories.values()))
    ) - secrets
    name = key.removesuffix(FILE_OF)
    if key in secrets:
        raise entry.error(
            key, f"`{key}` is a secret: put it into a file, and its path here as `{key}{FILE_OF}`"
        )
    if key.endswith(FILE_OF) and name in secrets:
        if name == PSEUDONYM_KEY and isinstance(value, list):
            raise entry.error(key, f"`{key}` is one file: with another key, ids are others")
        return name, _secret(entry, key, value, flaws)
    if key not in plain:
        known = [*plain, *(f"{secret}{FILE_OF}" for secret in secrets)]
        raise entry.error(key, f"{mapping.system} has no setting `{key}`{_meant(key, known)}")
    if key in declared and declared[key].members and isinstance(value, str):
        return key, entry.members(key, value)
    if key in declared or key not in _COMMON or key == "questions":  # each is looked at later
        return key, _with_text_keys(value)
    return key, _common(entry, key, value, mapping)


def _secret(entry: Entry, key: str, files: Any, flaws: Flaws) -> str | list[str]:
    """Return a secret, or several of which any is good. Raises ConnectionsError."""
    where, read = entry.where(key), entry.source.secret
    if not isinstance(files, list):
        return read(where, files)
    reads = [partial(read, f"{where}[{n}]", file) for n, file in enumerate(files)]
    return [flaws.noted(one, "") for one in reads]


def _common(entry: Entry, key: str, value: Any, mapping: Mapping) -> Any:
    """Return the value of a common setting. Raises ConnectionsError."""
    value = entry.checked(key, _with_text_keys(value))
    if key == "auth" and value not in (known := (*mapping.form.verify, "none")):
        reason = f"`auth`: {mapping.system} has no `{value}`, it has {', '.join(known)}"
        raise entry.error(key, reason)
    if key == "timezone":
        try:
            time_zone(value)
        except ValueError as error:
            raise entry.error(key, f"`timezone`: {error}") from None
    return value


def needed_by(mapping: Mapping, auth: str = "") -> set[str]:
    """Return the settings that the scheme of a connection requires."""
    declared, schemes = mapping.form.settings, mapping.form.verify
    read = {name: _read_by(scheme) for name, scheme in schemes.items()}
    required = {name for name, setting in declared.items() if setting.required}
    required -= set().union(*read.values())  # which of them, the scheme in use says
    return required | mapping.needs | read.get(auth or next(iter(read), ""), set())


def _missing(
    entry: Entry, name: str, mapping: Mapping, settings: dict[str, Any]
) -> Iterator[SourceFileError]:
    """Yield what is wrong where something is missing.

    A polled connection need not accept deliveries: without the settings of its scheme it does not.
    """
    declared, auth = mapping.form.settings, str(settings.get("auth", ""))
    if not auth and mapping.polled(Connection(name, mapping.system, settings)):
        auth = "none"
    for needed in sorted(needed_by(mapping, auth) - settings.keys()):
        is_secret = needed == PSEUDONYM_KEY or (needed in declared and declared[needed].secret)
        meaning = declared[needed].meaning.en if needed in declared else MEANINGS.get(needed)
        told = f"`{needed}{FILE_OF if is_secret else ''}` is missing"
        yield entry.error("", f"{told}: {meaning}" if meaning else told)


def _read_by(scheme: Verify) -> set[str]:
    """Return the settings that a verification scheme reads; a key set may be fetched."""
    texts = msgspec.structs.asdict(scheme).values()
    names = {name for text in texts for name in _SETTING.findall(str(text))}
    return names - {"jwks"} if isinstance(scheme, Jwt) and scheme.jwks_url else names


def _with_text_keys(value: Any) -> Any:
    """Return a value whose object keys are texts: YAML reads 4711 as a number."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(part) for key, part in value.items()}
    return [_with_text_keys(part) for part in value] if isinstance(value, list) else value


def _meant(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(known)}"
