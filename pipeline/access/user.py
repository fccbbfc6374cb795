"""Users and their roles."""

from typing import Literal, get_args

import msgspec

Role = Literal["viewer", "agent", "admin"]
"""What a user may do; each role may do what those before it may."""

ROLES: tuple[Role, ...] = get_args(Role)


class User(msgspec.Struct, frozen=True):
    """Who makes a request."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Return whether this user may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = User("local", "admin")
"""Whoever is on this machine, while neither users nor a token are set."""

MACHINE = User("token", "admin")
"""A program that sends NABIZ_API_TOKEN."""
