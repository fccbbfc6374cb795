"""What tests of several kinds share."""

from collections.abc import Iterator

import hypothesis
import pytest

from tests.support.servers_kafka import running_kafka

hypothesis.settings.register_profile("any machine", deadline=None)  # an example may take its time
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one real broker for the whole session; use topics and groups of your own."""
    with running_kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap
