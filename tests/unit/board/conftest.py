"""A company that is made up, and a browser at its board."""

from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from tests.support.simulated_company import Company, app_of
from tests.unit.board.pages import Client, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Company:
    return Company(clock)


@pytest.fixture
def client(company: Company) -> Iterator[Client]:
    with TestClient(app_of(company), raise_server_exceptions=True) as client:
        client.headers["accept-language"] = "en"
        yield client
