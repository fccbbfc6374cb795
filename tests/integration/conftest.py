"""What several of these tests start once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.support.login_api import Door, browser
from tests.support.oidc_provider import Company, serving
from tests.support.stand_in_api import NOW


@pytest.fixture(scope="session")
def _company() -> Iterator[Company]:
    company = Company(lambda: NOW)
    with serving(company):
        yield company


@pytest.fixture
def company(_company: Company) -> Company:
    """An OpenID provider that is honest, until the test has it lie."""
    _company.be_honest()
    return _company


@pytest.fixture
def door(tmp_path: Path, company: Company) -> Door:
    """An API that knows the provider."""
    return Door(tmp_path, oidc=company.settings())


@pytest.fixture
def client(door: Door) -> Iterator[TestClient[Litestar]]:
    """A browser at the door."""
    with browser(door) as found:
        yield found
