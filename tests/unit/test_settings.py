from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from pipeline.setting_groups import ROOT, StoreSettings
from pipeline.settings import SettingsError, StoreAddress, load_settings, store_address, variables


def test_without_an_environment_all_is_on_this_machine() -> None:
    settings = load_settings()
    assert settings.data == Path("nabiz-data")
    assert settings.kafka.bootstrap == "127.0.0.1:9092"
    assert settings.api.host == settings.worker.host == "127.0.0.1"
    assert store_address(settings.store) is None
    assert settings.engine.name == "auto"


def test_each_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_DATA", "/var/lib/nabiz")
    monkeypatch.setenv("NABIZ_KAFKA_BOOTSTRAP", "a:9092,[::1]:9093")
    monkeypatch.setenv("NABIZ_KAFKA_BATCH_SIZE", "7")
    monkeypatch.setenv("NABIZ_ENGINE_LABELS", '{"LABEL_0": "negative"}')
    monkeypatch.setenv("NABIZ_DETECT_HALF_LIFE_DAYS", "1.5")
    monkeypatch.setenv("NABIZ_API_TOKEN", "s3cret")
    settings = load_settings()
    assert settings.data == Path("/var/lib/nabiz")
    assert settings.kafka.bootstrap == "a:9092,[::1]:9093"
    assert settings.kafka.batch_size == 7
    assert settings.engine.labels == {"LABEL_0": "negative"}
    assert settings.detect.half_life_days == 1.5
    assert settings.api.token.get_secret_value() == "s3cret"
    assert settings.detect.rules == ROOT / "rules"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("NABIZ_KAFKA_BOOTSRAP", "; did you mean NABIZ_KAFKA_BOOTSTRAP[?]"),
        ("NABIZ_ENGINE", "; did you mean NABIZ_ENGINE_NAME[?]"),
        ("NABIZ_COLOUR_OF_THE_SKY", ""),
    ],
)
def test_a_variable_that_does_not_exist_is_refused_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=f"^{name}: there is no such setting{hint}$"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NABIZ_KAFKA_REPLICATION", "0"),
        ("NABIZ_KAFKA_BOOTSTRAP", "kafka://a:9092"),
        ("NABIZ_KAFKA_BOOTSTRAP", "a:9092, b:9092"),
        ("NABIZ_KAFKA_BOOTSTRAP", "nonsense"),
        ("NABIZ_STORE_URL", "http://localhost:8123"),
        ("NABIZ_STORE_URL", "clickhouse:///nabiz"),
        ("NABIZ_STORE_URL", "clickhouse://user:hush@host:port/nabiz"),
        ("NABIZ_API_PORT", "http"),
        ("NABIZ_API_TOKEN", "şifre hush"),
        ("NABIZ_ENGINE_NAME", "slow"),
        ("NABIZ_ENGINE_LABELS", '{"LABEL_0": "good"}'),
        ("NABIZ_ENGINE_LABELS", "LABEL_0"),
        ("NABIZ_NOTIFY_CHANNELS", "hush"),
        ("NABIZ_NOTIFY_CHANNELS", '["hush"]'),
        ("NABIZ_NOTIFY_CHANNELS", '{"duty": 7}'),
        ("NABIZ_DETECT_RISK_THRESHOLD", "1"),
        ("NABIZ_DEADLETTERS_MAX_SHARE", "50"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name}: \w+[^\n]*$") as refused:
        load_settings()
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("name", ["nabiz_engine_labels", "Nabiz_Access_Oidc_Roles"])
def test_json_that_is_none_is_refused_in_whichever_case_its_variable_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "{hush")
    with pytest.raises(SettingsError, match=f"^{name}: must be a JSON object$"):
        load_settings()


def test_a_whole_group_in_one_variable_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("nabiz_engine", "{hush")
    with pytest.raises(SettingsError, match="engine") as refused:
        load_settings()
    assert "hush" not in str(refused.value)


SASL = {
    "NABIZ_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "NABIZ_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "NABIZ_KAFKA_SASL_USERNAME": "nabiz",
    "NABIZ_KAFKA_SASL_PASSWORD": "hush-sasl",
}


def test_addresses_of_channels_are_read_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_NOTIFY_CHANNELS", '{"duty": "pagerduty://hush"}')
    notify = load_settings().notify
    assert notify.channels["duty"].get_secret_value() == "pagerduty://hush"
    assert "hush" not in repr(notify) + notify.model_dump_json()


OIDC = {
    "NABIZ_ACCESS_OIDC_ISSUER": "https://login.example.com/",
    "NABIZ_ACCESS_OIDC_CLIENT_ID": "nabiz",
    "NABIZ_ACCESS_OIDC_ROLES": '{"cx-team": "agent"}',
}


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


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_KAFKA_REPLICATION", "0")
    monkeypatch.setenv("NABIZ_API_PORT", "-1")
    with pytest.raises(SettingsError, match=r"NABIZ_KAFKA_REPLICATION: .*\nNABIZ_API_PORT: "):
        load_settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().kafka.batch_size = 3  # type: ignore[misc]


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
        f"NABIZ_KAFKA_SASL_PASSWORD_FILE: {latin} is not text in UTF-8",
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
    with pytest.raises(SettingsError, match=r"^NABIZ_API_HOST_FILE: there is no such setting"):
        load_settings()


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "database"),
    [
        ("clickhouse://h", "h", 9000, "default", "", "nabiz"),
        ("clickhouse://h:9440/cx", "h", 9440, "default", "", "cx"),
        ("clickhouse://u:p%40ss%2Fw%C3%B6rd%25@h:9000/cx/", "h", 9000, "u", "p@ss/wörd%", "cx"),
        ("clickhouse://[::1]:9000/cx", "::1", 9000, "default", "", "cx"),
    ],
)
def test_the_address_of_a_store(
    url: str, host: str, port: int, user: str, password: str, database: str
) -> None:
    assert store_address(StoreSettings(url=SecretStr(url))) == StoreAddress(
        host=host, port=port, user=user, password=password, database=database
    )


@given(st.text(max_size=30))
def test_an_address_is_understood_or_refused(text: str) -> None:
    try:
        settings = StoreSettings(url=SecretStr(f"clickhouse://{text}"))
    except ValidationError:
        return
    found = store_address(settings)
    assert found is not None
    assert found.host
    assert 0 < found.port < 65_536


def test_the_table_of_settings_is_that_of_the_code() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `NABIZ_")] == [
        f"| `{name}` | {shown(default)} | {description} |"
        for name, description, default in variables()
    ]


def shown(default: object) -> str:
    """A default as it would be written into the environment."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, Path) and default.is_relative_to(ROOT):
        default = default.relative_to(ROOT)
    return "" if default in ("", {}) else f"`{default}`"
