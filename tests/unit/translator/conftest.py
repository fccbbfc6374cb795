"""A company with one connection, and the world that its translator works in."""

import pytest

from pipeline.connectors.setup.connections import ConnectionBook
from tests.support.deliveries import book
from tests.support.translators import World


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory) -> ConnectionBook:
    found = book(tmp_path_factory.mktemp("company"))
    assert not found.errors
    return found


@pytest.fixture
def world(connections: ConnectionBook) -> World:
    return World(connections)
