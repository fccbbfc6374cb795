"""Reads and writes the file of users: name, role and password hash of each, in YAML or JSON.

`nabiz users` writes it; the API reads it again whenever it changes.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from pipeline.access.user import LOCAL, MACHINE, Role, User
from pipeline.common.private_files import make_private

log = structlog.get_logger(__name__)

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
RESERVED = (LOCAL.name, MACHINE.name)
"""Names that the audit trail uses for requests without a login."""


class AccountError(Exception):
    """The file of users or a change to it is invalid; the message says what to do."""


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user who may log in; `password` is an argon2id hash."""

    name: str
    role: Role
    password: str

    @property
    def user(self) -> User:
        """The user of this account."""
        return User(self.name, self.role)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    users: list[Account]


def read_accounts(path: Path) -> dict[str, Account]:
    """Return the accounts by name. Raises AccountError, without quoting the file."""
    try:
        users = msgspec.yaml.decode(path.read_bytes(), type=_File).users
    except OSError as error:
        raise AccountError(f"{path} cannot be read ({error.strerror}): {_HOW}") from None
    except msgspec.ValidationError as error:
        raise AccountError(f"{path}: {error}") from None
    except msgspec.DecodeError:
        raise AccountError(f"{path} is neither YAML nor JSON") from None
    accounts = {account.name: account for account in users}
    for position, account in enumerate(users, 1):
        if not NAME.fullmatch(account.name) or account.name in RESERVED:
            raise AccountError(f"{path}: user {position}: {_NAMES}")
        if not account.password.startswith("$argon2id$"):
            raise AccountError(
                f"{path}: the password of {account.name} is not an argon2id hash: {_HOW}"
            )
    if len(accounts) < len(users):
        raise AccountError(f"{path} has two users of one name")
    return accounts


_HOW = "nabiz users add NAME writes it"
_NAMES = (
    "a name has 1 to 64 small letters (a-z), digits and . _ @ -, begins with a letter or a digit, "
    f"and is none of {', '.join(RESERVED)}"
)


def change_accounts(path: Path, change: Callable[[dict[str, Account]], dict[str, Account]]) -> None:
    """Apply `change` to the accounts of the file; a missing file has none.

    The file is replaced atomically and readable by its owner only (mode 600). Concurrent changes
    wait for each other. Raises AccountError.
    """
    try:
        with _alone_in(path.parent):
            accounts = change(read_accounts(path) if path.exists() else {})
            _write(path, accounts.values())
    except OSError as error:
        raise AccountError(f"{path} cannot be written ({error.strerror})") from None


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _write(path: Path, accounts: Iterable[Account]) -> None:
    ordered = sorted(accounts, key=lambda account: account.name)
    # mkstemp creates it with mode 600.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(msgspec.yaml.encode(_File(ordered)))
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(path)


def added(accounts: dict[str, Account], account: Account) -> dict[str, Account]:
    """Return the accounts with a new one. Raises AccountError if its name is taken or invalid."""
    if not NAME.fullmatch(account.name) or account.name in RESERVED:
        raise AccountError(_NAMES)
    if account.name in accounts:
        raise AccountError(f"user {account.name} exists already: nabiz users passwd or remove")
    return {**accounts, account.name: account}


def removed(accounts: dict[str, Account], name: str) -> dict[str, Account]:
    """Return the accounts without this one. Raises AccountError if it does not exist."""
    account_named(accounts, name)
    return {other: account for other, account in accounts.items() if other != name}


def with_password(accounts: dict[str, Account], name: str, hashed: str) -> dict[str, Account]:
    """Return the accounts with a changed password. Raises AccountError if there is no such user."""
    return {
        **accounts,
        name: msgspec.structs.replace(account_named(accounts, name), password=hashed),
    }


def account_named(accounts: dict[str, Account], name: str) -> Account:
    """Return an account. Raises AccountError if it does not exist."""
    if name not in accounts:
        raise AccountError(f"there is no user {name}: nabiz users list")
    return accounts[name]


class AccountBook:
    """The current accounts of the file; the last valid ones while it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        make_private(path)
        self._seen = self._stamp()
        self._accounts = read_accounts(path)
        if not self._accounts:
            raise AccountError(f"{path} has no users, so nobody could log in: {_HOW}")

    def find(self, name: str) -> Account | None:
        """Return the account of this name, or None."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._accounts = read_accounts(self._path)
            except AccountError as error:
                log.error(
                    "the file of users is invalid, the last valid one stays in force",
                    error=str(error),
                )
        return self._accounts.get(name)

    def _stamp(self) -> tuple[int, ...]:
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_ino, status.st_size
