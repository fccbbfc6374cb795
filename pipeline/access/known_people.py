"""Decides who may be named in an action."""

from collections.abc import Callable
from pathlib import Path

import structlog

from pipeline.access.accounts import AccountBook, AccountError
from pipeline.config.access import AccessSettings

log = structlog.get_logger(__name__)


def known_people(access: AccessSettings) -> Callable[[str], bool]:
    """Return a predicate that checks a name against the file of users.

    Without that file, or with an OpenID provider, every name passes.
    """
    book = None
    if access.users and not access.oidc_issuer:
        try:
            book = AccountBook(Path(access.users))
        except AccountError as error:
            log.warning("names in actions are not checked", reason=str(error))
    return lambda name: may_be_named(name, book)


def may_be_named(name: str, book: AccountBook | None) -> bool:
    """Return whether this user may exist: any may where no book says who does."""
    return book is None or book.find(name) is not None
