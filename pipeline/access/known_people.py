"""Who may be named in an action."""

from collections.abc import Callable
from pathlib import Path

import structlog

from pipeline.access.accounts import AccountBook, AccountError
from pipeline.config.access import AccessSettings

log = structlog.get_logger(__name__)


def known_people(access: AccessSettings) -> Callable[[str], bool]:
    """Return what says whether a name may be that of somebody here, by the file of users.

    Where there is none, or an OpenID provider knows others, anybody may be.
    """
    if not access.users or access.oidc_issuer:
        return lambda _: True
    try:
        book = AccountBook(Path(access.users))
    except AccountError as error:
        log.warning("who may be named in an action is not looked at", reason=str(error))
        return lambda _: True
    return lambda name: book.find(name) is not None
