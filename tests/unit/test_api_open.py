"""What of the API is open to whom: tokens, probes, hosts, and the port."""

import socket

import pytest
from litestar.testing import TestClient
from pydantic import SecretStr

from pipeline.config.access import ApiSettings
from pipeline.config.settings import SettingsError
from pipeline.web.server import listen
from tests.support.stand_in_api import FakeStore, api


@pytest.mark.parametrize("path", ["/v1/kpis", "/v1/status", "/schema/openapi.json"])
def test_a_token_is_demanded_where_one_is_set(path: str) -> None:
    with TestClient(api(FakeStore(), token="secret")) as client:
        assert client.get(path).status_code == 401
        wrong = {"Authorization": b"Bearer \xff"}
        assert client.get(path, headers=wrong).status_code == 401
        right = {"Authorization": "Bearer secret"}
        assert client.get(path, headers=right).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_probes_need_no_token(path: str) -> None:
    with TestClient(api(FakeStore(), token="secret")) as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "nabiz.example"])
def test_beyond_loopback_it_does_not_start_without_a_token(host: str) -> None:
    with pytest.raises(SettingsError, match="set NABIZ_API_TOKEN"):
        listen(ApiSettings(host=host))


def test_a_port_that_is_taken_is_named(socket_enabled: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port}, .* NABIZ_API_PORT"):
            listen(ApiSettings(port=port))


def test_a_token_opens_other_hosts(socket_enabled: None) -> None:
    with listen(ApiSettings(host="0.0.0.0", port=0, token=SecretStr("s"))) as listener:
        assert listener.getsockname()[1] > 0
