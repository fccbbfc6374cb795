"""From the provider's claims to a user and their role. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

from pipeline.access.accounts import NAME, RESERVED
from pipeline.access.oidc.token import Claims
from pipeline.access.user import ROLES, Role, User


class NoUser(Exception):  # noqa: N818 - a verdict
    """The claims are genuine, but give no user; `why` is the key of a text of the login page.

    `name` is theirs where it can be told.
    """

    def __init__(self, why: Literal["no_name", "no_role", "taken"], name: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.name = name


def user_of(claims: Claims, *, name_claim: str, role_claim: str, roles: Mapping[str, Role]) -> User:
    """Return the user: the name in small letters, with the highest role that their groups give.

    Raises NoUser where the name is missing, is not as that of a user must be, or is an e-mail
    address that the provider has not verified, and where no group gives a role.
    """
    found = _claim(claims, name_claim)
    verified = name_claim != "email" or claims.get("email_verified", True) is True
    # Small letters of what is not ASCII may be those of another name.
    name = found.lower() if isinstance(found, str) and found.isascii() else ""
    if not NAME.fullmatch(name) or name in RESERVED or not verified:
        raise NoUser("no_name")
    held = _claim(claims, role_claim)
    groups = held if isinstance(held, list) else [held]
    given = [roles[group] for group in groups if isinstance(group, str) and group in roles]
    if not given:
        raise NoUser("no_role", name)
    return User(name, max(given, key=ROLES.index))


def _claim(claims: Claims, path: str) -> Any:
    """Return a claim by its name, dots and all, or by a path, as in `realm_access.roles`."""
    if path in claims or "." not in path:
        return claims.get(path)
    first, _, rest = path.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if isinstance(inner, dict) else None
