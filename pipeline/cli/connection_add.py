"""Command connectors add: connect a system, step by step."""

import sys
from collections.abc import Mapping as Names
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from pipeline.cli import show
from pipeline.cli.errors import UsageError
from pipeline.common.refused import Refused
from pipeline.common.urls import with_port
from pipeline.config.groups import ROOT
from pipeline.config.settings import Settings, load_settings
from pipeline.connectors.connection import Connection
from pipeline.connectors.language.form import Setting
from pipeline.connectors.mapping import Mapping, MappingError
from pipeline.connectors.setup.connection_checks import MEANINGS, PSEUDONYM_KEY, needed_by
from pipeline.connectors.setup.connection_file import ConnectionsError
from pipeline.connectors.setup.connections import open_connections
from pipeline.connectors.setup.new_connection import NewConnection, add


def add_connection(
    system: Annotated[
        str | None, typer.Option(metavar="SYSTEM", help="The system, as whatsapp.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Part of the address. Default: the system.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting, its value in YAML."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option("--secret", metavar="KEY=FILE", help="A secret, copied from a file."),
    ] = None,
    make: Annotated[
        list[str] | None,
        typer.Option("--make", metavar="KEY", help="A secret to be made at random."),
    ] = None,
) -> None:
    """Connect a system; on a terminal, ask for missing values.

    Secrets are stored in separate files that only this user can read. Nothing is changed if the
    connection would be refused.

    Example: nabiz connectors add --system whatsapp --make secret --make verify_token
    """
    settings = load_settings()
    book = open_connections(settings.connectors)
    if book.failure:
        raise UsageError(book.failure)
    system = system or _asked_system(book.mappings.systems)
    if system not in book.mappings.systems:
        known = ", ".join(book.mappings.systems)
        raise UsageError(f"--system {system}: there is no such system; there are: {known}")
    try:
        mapping = book.mappings.mapping(system)
    except MappingError as error:
        raise UsageError(str(error)) from None
    name = name or (typer.prompt("Name", default=system) if _asks() else system)
    secrets = {**_copied(secret or ()), **{key: token_urlsafe(32) for key in make or ()}}
    plain = dict(map(_setting, set_ or ()))
    if _asks() and not (secrets or plain):
        _ask(mapping, plain, secrets)
    has_key = PSEUDONYM_KEY in secrets or (book.source and book.source.form.pseudonym_key_file)
    key = token_urlsafe(32) if PSEUDONYM_KEY in mapping.needs and not has_key else ""
    try:
        connection, files = add(NewConnection(name, system, plain, secrets, key), book)
    except (ConnectionsError, Refused) as error:
        raise UsageError(f"nothing was changed: {error}") from None
    except FileExistsError as error:
        raise UsageError(
            f"{error.filename} is there already: remove it, or choose another name"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be written ({error.strerror}); NABIZ_CONNECTORS_FILE says "
            "where the connections are"
        ) from None
    _tell(connection, files, settings)


def _asks() -> bool:
    return sys.stdin.isatty()


def _asked_system(systems: list[str]) -> str:
    if not _asks():
        raise UsageError(f"--system is missing: one of {', '.join(systems)}")
    Console().print(", ".join(systems))
    return str(typer.prompt("System"))


def _setting(given: str) -> tuple[str, Any]:
    key, separator, value = given.partition("=")
    if not separator:
        raise UsageError(f"--set {given}: must be KEY=VALUE")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError:
        raise UsageError(f"--set {key}: the value is not YAML") from None


def _copied(given: list[str] | tuple[()]) -> dict[str, str]:
    secrets = {}
    for one in given:
        key, separator, file = one.partition("=")
        if not separator:
            raise UsageError("--secret: must be KEY=FILE; a secret itself is not for a command")
        try:
            secrets[key] = Path(file).read_text("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise UsageError(f"--secret {key}: {file} cannot be read: {error}") from None
    return secrets


def _ask(mapping: Mapping, plain: dict[str, Any], secrets: dict[str, str]) -> None:
    """Ask for the settings of the mapping, and put the answers into `plain` and `secrets`."""
    schemes = [*mapping.form.verify, "none"]
    if len(schemes) > 2:
        auth = typer.prompt(f"How senders are verified: {', '.join(schemes)}", default=schemes[0])
        if auth != schemes[0]:
            plain["auth"] = auth
    needed = needed_by(mapping, plain.get("auth", ""))
    for key, setting in mapping.form.settings.items():
        if answer := _answer(key, setting, needed=key in needed):
            if setting.secret:
                secrets[key] = answer
            else:
                plain |= [_setting(f"{key}={answer}")]
    for key in sorted(needed - mapping.form.settings.keys() - {PSEUDONYM_KEY, "public_url"}):
        plain |= [_setting(f"{key}={typer.prompt(f'{key}: {MEANINGS[key]}')}")]
    if brand := typer.prompt("Brand (empty: none)", default="", show_default=False):
        plain["brand"] = brand


def _answer(key: str, setting: Setting, *, needed: bool) -> str:
    example = f", as {setting.example}" if setting.example is not None else ""
    empty = "" if needed and not setting.secret else " (empty: leave out)"
    if needed and setting.secret:
        empty = " (empty: make one at random)"
    question = f"{key}: {setting.meaning.en}{example}{empty}"
    optional: Names[str, Any] = {"default": "", "show_default": False} if empty else {}
    answer = str(typer.prompt(question, hide_input=setting.secret, **optional))
    return answer or (token_urlsafe(32) if needed and setting.secret else "")


def _tell(connection: Connection, files: list[Path], settings: Settings) -> None:
    """Say what to do in the other system."""
    local = f"http://{with_port(settings.receive.host, settings.receive.port)}"
    address = connection.settings.get("public_url") or f"{local}/in/{connection.name}"
    guide = f"docs/connectors/{connection.system}.md"
    table = Table.grid(padding=(0, 2))
    table.add_row("entry", show.datum(f"{connection.name} in {settings.connectors.file}"))
    table.add_row("address", show.datum(address))
    if "public_url" not in connection.settings:
        advice = "set `public_url` at the top of that file to where it is reached from outside"
        table.add_row("", show.datum(f"only this machine reaches it there; {advice}", "yellow"))
    for path in files:
        table.add_row("secret", show.datum(str(path)))
    if (ROOT / guide).exists():
        table.add_row("guide", guide)
    Console().print(table)
