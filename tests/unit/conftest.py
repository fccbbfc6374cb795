import os
from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No network (an event loop needs its unix socket), and no setting of the developer's."""
    for name in [name for name in os.environ if name.startswith("NABIZ_")]:
        monkeypatch.delenv(name)
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
