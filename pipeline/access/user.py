"""Users and their roles."""

from typing import Literal, get_args

import msgspec

Role = Literal["viewer", "agent", "admin"]
"""What a user may do; each role includes those before it."""

ROLES: tuple[Role, ...] = get_args(Role)


class User(msgspec.Struct, frozen=True):
    """The user of a request."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Return whether the user's role includes `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = User("local", "admin")
"""The user of all requests while neither users nor a token are set."""

MACHINE = User("token", "admin")
"""The user of programs that send NABIZ_API_TOKEN."""
