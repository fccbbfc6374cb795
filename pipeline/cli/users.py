"""Command users: manage who may log in."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.access.accounts import (
    Account,
    account_named,
    added,
    change_accounts,
    read_accounts,
    removed,
    with_password,
)
from pipeline.access.guessable import is_guessable
from pipeline.access.passwords import LONGEST, SHORTEST, Passwords
from pipeline.access.user import Role
from pipeline.cli.errors import UsageError
from pipeline.config.settings import load_settings

app = typer.Typer(help="Who may log in to the API and the board.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command("add")
def add(
    name: Name,
    role: Annotated[
        Role,
        typer.Option(
            help="viewer: reads; agent: also acts on alerts; admin: also retries dead letters and "
            "reads the audit trail."
        ),
    ],
) -> None:
    """Add a user. The password is asked for, or read from standard input."""
    path = _path()
    # A wrong name is told before a password is asked for.
    added(read_accounts(path) if path.exists() else {}, Account(name, role, ""))
    hashed = _hashed(name)
    change_accounts(path, lambda accounts: added(accounts, Account(name, role, hashed)))
    typer.echo(f"{name} may log in as {role}")


@app.command("remove")
def remove(name: Name) -> None:
    """Remove a user and end their sessions."""
    change_accounts(_path(), lambda accounts: removed(accounts, name))
    typer.echo(f"{name} may no longer log in")


@app.command("passwd")
def passwd(name: Name) -> None:
    """Change a password and end the user's sessions."""
    path = _path()
    account_named(read_accounts(path), name)
    hashed = _hashed(name)
    change_accounts(path, lambda accounts: with_password(accounts, name, hashed))
    typer.echo(f"{name} has another password")


@app.command("list")
def list_users() -> None:
    """Show users and their roles."""
    table = Table(box=None, pad_edge=False)
    table.add_column("name")
    table.add_column("role")
    for account in read_accounts(_path()).values():
        table.add_row(account.name, account.role)
    Console().print(table)


def _path() -> Path:
    users = load_settings().access.users
    if not users:
        raise UsageError(
            "set NABIZ_ACCESS_USERS to the path of the file of users, then do it again"
        )
    return Path(users)


def _hashed(name: str) -> str:
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"a password has {SHORTEST} to {LONGEST:,} characters; a few words make one"
        )
    access = load_settings().access
    if is_guessable(password, ("Nabız", name, access.oidc_company, *access.hosts.split(","))):
        raise UsageError(
            "this password is among the first to be guessed: little is left of it without common "
            "words, rows of keys, years, and the names of the user, the company and Nabız; a few "
            "words that have nothing to do with each other make a good one"
        )
    return Passwords().hash(password)
