"""Settings: what is read from the environment, what is refused, and the table in the docs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from pipeline.config.groups import ROOT, StoreSettings
from pipeline.config.settings import (
    SettingsError,
    StoreAddress,
    load_settings,
    store_address,
    variables,
)


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
    with pytest.raises(SettingsError, match=f"^{name}: no such setting{hint}$"):
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


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_KAFKA_REPLICATION", "0")
    monkeypatch.setenv("NABIZ_API_PORT", "-1")
    with pytest.raises(SettingsError, match=r"NABIZ_KAFKA_REPLICATION: .*\nNABIZ_API_PORT: "):
        load_settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().kafka.batch_size = 3  # type: ignore[misc]


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
