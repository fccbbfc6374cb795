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
    if not access.users or access.oidc_issuer:
        return lambda _: True
    try:
        book = AccountBook(Path(access.users))
    except AccountError as error:
        log.warning("names in actions are not checked", reason=str(error))
        return lambda _: True
    return lambda name: book.find(name) is not None
