"""Maps the provider's claims to a user with a role. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

from pipeline.access.accounts import NAME, RESERVED
from pipeline.access.oidc.token import Claims
from pipeline.access.user import ROLES, Role, User


class NoUser(Exception):  # noqa: N818 - a verdict
    """The claims are genuine but give no user; `why` is the key of a text of the login page.

    `name` is the user's, if the claims have a valid one.
    """

    def __init__(self, why: Literal["no_name", "no_role", "taken"], name: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.name = name


def user_of(claims: Claims, *, name_claim: str, role_claim: str, roles: Mapping[str, Role]) -> User:
    """Return the user: the name in lower case, with the highest role that the groups give.

    Raises NoUser if the name is missing, invalid or an unverified e-mail address, or if no group
    gives a role.
    """
    claimed = _claim(claims, name_claim)
    verified = name_claim != "email" or claims.get("email_verified", True) is True
    # Lower-casing non-ASCII letters may give the name of another user.
    name = claimed.lower() if isinstance(claimed, str) and claimed.isascii() else ""
    if not NAME.fullmatch(name) or name in RESERVED or not verified:
        raise NoUser("no_name")
    held = _claim(claims, role_claim)
    groups = held if isinstance(held, list) else [held]
    granted = [roles[group] for group in groups if isinstance(group, str) and group in roles]
    if not granted:
        raise NoUser("no_role", name)
    return User(name, max(granted, key=ROLES.index))


def _claim(claims: Claims, path: str) -> Any:
    """Return a claim by its name, dots included, or by a path such as `realm_access.roles`."""
    if path in claims or "." not in path:
        return claims.get(path)
    first, _, rest = path.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if isinstance(inner, dict) else None
