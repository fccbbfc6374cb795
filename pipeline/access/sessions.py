"""Keeps the sessions of logged-in users in this process.

Litestar's session middleware accepts any id that a browser sends (session fixation), and its cookie
is Secure always or never. Sessions are kept in the process and not in the cookie, because a logout
has to end them; a restart ends them all.
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
"""Concurrent sessions; the least recently used is dropped first."""


class Session(msgspec.Struct):
    """A login of a browser.

    `password` is a digest of the password hash at login; None after a login at the company.
    """

    user: User
    password: bytes | None
    began: datetime
    seen: datetime
    csrf_token: str


class Sessions:
    """Sessions by the secret in their cookie; they end when idle, too old or logged out."""

    def __init__(self, clock: Callable[[], datetime], idle: timedelta, longest: timedelta) -> None:
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._by_digest: dict[bytes, Session] = {}

    def begin(self, user: User, hashed: str | None = None) -> str:
        """Begin a session and return its secret, which is always new.

        `hashed` is the hash of the user's password, if it was checked.
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
        """Return the session of this secret, or None if it has ended."""
        session = self._by_digest.get(_digest(secret))
        return session if session and self._lives(session, self._clock()) else None

    def use(self, session: Session) -> None:
        """Restart the idle time of a session."""
        session.seen = self._clock()

    def end(self, secret: str) -> None:
        """End the session of this secret, if there is one."""
        self._by_digest.pop(_digest(secret), None)

    def _lives(self, session: Session, now: datetime) -> bool:
        return now - session.seen < self._idle and now - session.began < self._longest


def same_password(session: Session, account: Account) -> bool:
    """Return whether the password is unchanged since the login."""
    return hmac.compare_digest(session.password or b"", _digest(account.password))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
