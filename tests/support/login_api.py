"""An API with logins, cheap password hashes and an adjustable clock."""

from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher
from litestar import Litestar
from litestar.testing import TestClient

from pipeline.access.access import COOKIE, Access, AccessConfig, AccessDependencies
from pipeline.access.accounts import Account, AccountBook, change_accounts
from pipeline.access.oidc.provider import Provider
from pipeline.access.passwords import Passwords
from pipeline.access.trail import AuditTrail
from pipeline.access.user import ROLES
from pipeline.config.access import AccessSettings
from pipeline.model.audit import AuditEntry
from pipeline.service.observer import Observation
from pipeline.web.app import make_app
from tests.support.stand_in_api import NOW, SEEN, FakeStore, service_over

PASSWORD = "üç kedi bir ağaç"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
HERE = "http://127.0.0.1:8089"
TOKEN = "machine-secret"
RETRY = "/v1/dead-letters/retry"


class Door:
    """The API, its clock, its file of users (one per role, named like it), and its audit trail."""

    def __init__(
        self,
        folder: Path,
        *,
        token: str = TOKEN,
        users: bool = True,
        oidc: AccessSettings | None = None,
    ) -> None:
        self.file = folder / "users.yaml"
        hashed = CHEAP.hash(PASSWORD)
        accounts = {role: Account(role, role, hashed) for role in ROLES}
        change_accounts(self.file, lambda _: accounts)
        self.now = NOW
        self.noted: list[AuditEntry] = []
        self.trail = AuditTrail(self.noted.extend)
        self.access = Access(
            AccessConfig(token=token),
            AccessDependencies(
                self.trail,
                lambda: self.now,
                book=AccountBook(self.file) if users else None,
                provider=Provider(oidc, lambda: self.now) if oidc else None,
                passwords=CHEAP,
            ),
        )
        self.store = FakeStore()
        service = service_over(self.store, Observation((SEEN,), None), lambda: self.now)
        self.app = make_app(service, self.access)

    def later(self, **span: float) -> None:
        """Advance the clock."""
        self.now += timedelta(**span)

    def trace(self) -> list[AuditEntry]:
        """Return the audit trail so far."""
        self.trail.flush()
        return self.noted


def browser(door: Door, base: str = HERE) -> TestClient[Litestar]:
    """Return a client that is not logged in and follows no redirects."""
    client = TestClient(door.app, base_url=base, raise_server_exceptions=False)
    client.follow_redirects = False
    return client


def log_in(client: TestClient[Litestar], name: str, password: str = PASSWORD, **more: str) -> int:
    """Log in and return the status of the response."""
    return client.post("/login", data={"name": name, "password": password, **more}).status_code


def token_of(door: Door, client: TestClient[Litestar]) -> str:
    """Return the CSRF token of the client's session."""
    session = door.access.sessions.find(client.cookies[COOKIE])
    assert session is not None
    return session.csrf_token
