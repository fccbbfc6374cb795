"""Sessions of logged-in users, kept in this process.

Not Litestar's session middleware: it goes on with the id that a browser sends, known or not
(session fixation), and its cookie is Secure always or never. In the process, not in the cookie,
because a logout has to end a session; a restart ends them all.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from pipeline.access.accounts import Account
from pipeline.access.user import User

MOST = 10_000
"""Sessions at once; the one that was used longest ago makes room."""


class Session(msgspec.Struct):
    """One login of one browser.

    `password` tells the hash that was in force then; None: the company vouched for the user.
    """

    user: User
    password: bytes | None
    began: datetime
    seen: datetime
    csrf_token: str


class Sessions:
    """Sessions by the secret that their browser holds; each ends idle, at its age, or on demand."""

    def __init__(self, clock: Callable[[], datetime], idle: timedelta, longest: timedelta) -> None:
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._by_digest: dict[bytes, Session] = {}

    def begin(self, user: User, hashed: str | None = None) -> str:
        """Begin a session and return its secret, always a new one.

        `hashed` is the user's password as it is kept, if it was checked.
        """
        now = self._clock()
        self._by_digest = {
            digest: session
            for digest, session in self._by_digest.items()
            if self._lives(session, now)
        }
        while len(self._by_digest) >= MOST:
            del self._by_digest[min(self._by_digest, key=lambda key: self._by_digest[key].seen)]
        secret = secrets.token_urlsafe(32)
        password = None if hashed is None else _digest(hashed)
        session = Session(user, password, now, now, secrets.token_urlsafe(32))
        self._by_digest[_digest(secret)] = session
        return secret

    def find(self, secret: str) -> Session | None:
        """Return the session of this secret unless it has ended."""
        session = self._by_digest.get(_digest(secret))
        return session if session and self._lives(session, self._clock()) else None

    def use(self, session: Session) -> None:
        """Begin its idle time anew."""
        session.seen = self._clock()

    def end(self, secret: str) -> None:
        """End the session of this secret, if there is one."""
        self._by_digest.pop(_digest(secret), None)

    def _lives(self, session: Session, now: datetime) -> bool:
        return now - session.seen < self._idle and now - session.began < self._longest


def same_password(session: Session, account: Account) -> bool:
    """Return whether the password is still that of the login."""
    return hmac.compare_digest(session.password or b"", _digest(account.password))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
