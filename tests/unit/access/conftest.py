"""The door of the API, an admin inside, and no Kafka behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pipeline.service import service as service_module
from tests.support.login_api import Door, browser, log_in
from tests.support.stand_in_api import FakePublisher


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


@pytest.fixture(autouse=True)
def _no_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "Publisher", FakePublisher)


@pytest.fixture
def admin(door: Door) -> Iterator[TestClient[Litestar]]:
    with browser(door) as client:
        assert log_in(client, "admin") == 303
        yield client
