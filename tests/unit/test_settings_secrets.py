"""Secrets in settings: read from variables or files, masked, and refused by half."""

from pathlib import Path

import pytest

from pipeline.channels.open import open_channels
from pipeline.config.settings import SettingsError, load_settings

SASL = {
    "NABIZ_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "NABIZ_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "NABIZ_KAFKA_SASL_USERNAME": "nabiz",
    "NABIZ_KAFKA_SASL_PASSWORD": "hush-sasl",
}
OIDC = {
    "NABIZ_ACCESS_OIDC_ISSUER": "https://login.example.com/",
    "NABIZ_ACCESS_OIDC_CLIENT_ID": "nabiz",
    "NABIZ_ACCESS_OIDC_ROLES": '{"cx-team": "agent"}',
}


def test_addresses_of_channels_are_read_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_NOTIFY_CHANNELS", '{"duty": "pagerduty://hush"}')
    notify = load_settings().notify
    assert notify.channels["duty"].get_secret_value() == "pagerduty://hush"
    assert "hush" not in repr(notify) + notify.model_dump_json()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_secrets_may_have_a_byte_order_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    token, channels = tmp_path / "token", tmp_path / "channels.json"
    token.write_bytes("hush\r\n".encode(encoding))
    channels.write_bytes('{"duty": "alertmanager://localhost"}'.encode(encoding))
    monkeypatch.setenv("NABIZ_API_TOKEN_FILE", str(token))
    monkeypatch.setenv("NABIZ_NOTIFY_CHANNELS_FILE", str(channels))
    settings = load_settings()
    assert settings.api.token.get_secret_value() == "hush"
    assert open_channels(settings.notify).keys() == {"duty"}


def test_an_openid_provider_is_read_its_secret_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("NABIZ_ACCESS_OIDC_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    for name, value in OIDC.items():
        monkeypatch.setenv(name, value)
    access = load_settings().access
    assert access.login
    assert access.oidc_issuer == "https://login.example.com/"
    assert access.oidc_roles == {"cx-team": "agent"}
    assert access.oidc_client_secret.get_secret_value() == "hush"
    assert "hush" not in repr(access)


@pytest.mark.parametrize(
    ("wrong", "value", "words"),
    [
        ("ISSUER", "http://login.example.com", "must begin with https://"),
        ("ISSUER", "", "has no effect without NABIZ_ACCESS_OIDC_ISSUER"),
        ("CLIENT_ID", "", "must be set, since"),
        ("ROLES", "{}", "must be set, since"),
        ("ROLES", '{"cx-team": "boss"}', "should be 'viewer', 'agent' or 'admin'"),
        ("ROLES", "cx-team", "must be a JSON object"),
        ("SCOPES", "profile", "should match"),
    ],
)
def test_half_of_an_openid_provider_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str, value: str, words: str
) -> None:
    for name, right in {**OIDC, f"NABIZ_ACCESS_OIDC_{wrong}": value}.items():
        monkeypatch.setenv(name, right)
    with pytest.raises(SettingsError, match=rf"NABIZ_ACCESS_OIDC_\w+: [^\n]*{words}"):
        load_settings()


def test_kafka_s_secrets_are_read_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SASL.items():
        monkeypatch.setenv(name, value)
    kafka = load_settings().kafka
    assert kafka.sasl_password.get_secret_value() == "hush-sasl"
    assert "hush" not in repr(kafka) + kafka.model_dump_json()


@pytest.mark.parametrize(
    ("wrong", "value", "words"),
    [
        ("NABIZ_KAFKA_SECURITY_PROTOCOL", "TLS", "should be 'PLAINTEXT', 'SSL'"),
        ("NABIZ_KAFKA_SASL_MECHANISM", "GSSAPI", "should be"),
        ("NABIZ_KAFKA_SASL_MECHANISM", "", "must be set, since"),
        ("NABIZ_KAFKA_SASL_USERNAME", "", "must be set, since"),
        ("NABIZ_KAFKA_SASL_PASSWORD", "", "must be set, since"),
        ("NABIZ_KAFKA_SSL_KEY_FILE", "key.pem", "goes with NABIZ_KAFKA_SSL_CERTIFICATE_FILE"),
    ],
)
def test_half_of_a_security_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str, value: str, words: str
) -> None:
    for name, right in {**SASL, wrong: value}.items():
        monkeypatch.setenv(name, right)
    with pytest.raises(SettingsError, match=rf"^{wrong}: [^\n]*{words}[^\n]*$"):
        load_settings()


@pytest.mark.parametrize(
    ("protocol", "name", "kind"),
    [
        ("PLAINTEXT", "NABIZ_KAFKA_SASL_USERNAME", "SASL"),
        ("SSL", "NABIZ_KAFKA_SASL_PASSWORD", "SASL"),
        ("PLAINTEXT", "NABIZ_KAFKA_SSL_CA_FILE", "SSL"),
    ],
)
def test_a_secret_that_would_not_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, protocol: str, name: str, kind: str
) -> None:
    monkeypatch.setenv("NABIZ_KAFKA_SECURITY_PROTOCOL", protocol)
    monkeypatch.setenv(name, "hush")
    with pytest.raises(SettingsError, match=f"^{name}: has no effect .* with {kind}$") as refused:
        load_settings()
    assert "hush" not in str(refused.value)


def test_secrets_are_masked_wherever_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_API_TOKEN", "hush-token")
    monkeypatch.setenv("NABIZ_STORE_URL", "clickhouse://u:hush-password@host/nabiz")
    settings = load_settings()
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hush" not in text


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url, token = tmp_path / "url", tmp_path / "token"
    url.write_text("clickhouse://u:hush@host/cx\n")
    token.write_text("hush-token")
    monkeypatch.setenv("NABIZ_STORE_URL_FILE", str(url))
    monkeypatch.setenv("NABIZ_STORE_BATCH_SIZE", "7")
    monkeypatch.setenv("NABIZ_API_TOKEN_FILE", str(token))
    settings = load_settings()
    assert settings.store.url.get_secret_value() == "clickhouse://u:hush@host/cx"
    assert settings.store.batch_size == 7
    assert settings.api.token.get_secret_value() == "hush-token"
    assert "hush" not in repr(settings)


def test_a_secret_s_file_that_cannot_be_used_is_named_and_its_content_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty, wrong, latin = tmp_path / "empty", tmp_path / "wrong", tmp_path / "latin"
    empty.write_text("\n")
    wrong.write_text("http://hush")
    latin.write_bytes("şifre".encode("iso8859-9"))
    monkeypatch.setenv("NABIZ_API_TOKEN_FILE", str(empty))
    monkeypatch.setenv("NABIZ_STORE_URL_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("NABIZ_KAFKA_SASL_PASSWORD_FILE", str(latin))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).splitlines() == [
        f"NABIZ_KAFKA_SASL_PASSWORD_FILE: {latin} is not UTF-8 text",
        f"NABIZ_STORE_URL_FILE: {tmp_path / 'missing'} cannot be read (No such file or directory)",
        f"NABIZ_API_TOKEN_FILE: {empty} is empty",
    ]
    for name in ("API_TOKEN", "KAFKA_SASL_PASSWORD"):
        monkeypatch.delenv(f"NABIZ_{name}_FILE")
    monkeypatch.setenv("NABIZ_STORE_URL_FILE", str(wrong))
    with pytest.raises(SettingsError, match=r"^NABIZ_STORE_URL: must look like") as refused:
        load_settings()
    assert "hush" not in str(refused.value)


def test_a_secret_comes_from_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NABIZ_API_TOKEN", "one")
    monkeypatch.setenv("NABIZ_API_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(SettingsError, match=r"^NABIZ_API_TOKEN_FILE: NABIZ_API_TOKEN is set as"):
        load_settings()


def test_only_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_API_HOST_FILE", "/run/secrets/host")
    with pytest.raises(SettingsError, match=r"^NABIZ_API_HOST_FILE: no such setting"):
        load_settings()
