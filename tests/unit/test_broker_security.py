"""The settings as each client wants them. What they open is tested on a real broker."""

import ssl
from pathlib import Path

import faust
import pytest
from pydantic import SecretStr

from agents.runtime.app import faust_credentials
from pipeline.broker.security import client_security
from pipeline.config.groups import KafkaSettings
from pipeline.config.settings import SettingsError

SASL = {
    "sasl_mechanism": "SCRAM-SHA-256",
    "sasl_username": "nabiz",
    "sasl_password": SecretStr("secret"),
}


def test_without_security_nothing_is_asked() -> None:
    assert client_security(KafkaSettings()) == {"security_protocol": "PLAINTEXT"}
    assert faust_credentials(KafkaSettings()) is None


def test_a_password_goes_with_its_mechanism() -> None:
    kafka = KafkaSettings(security_protocol="SASL_PLAINTEXT", **SASL)  # type: ignore[arg-type]
    assert client_security(kafka) == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "nabiz",
        "sasl_plain_password": "secret",
    }
    credentials = faust_credentials(kafka)
    assert isinstance(credentials, faust.SASLCredentials)
    assert credentials.protocol.value == "SASL_PLAINTEXT"
    assert credentials.mechanism.value == "SCRAM-SHA-256"
    assert (credentials.username, credentials.password) == ("nabiz", "secret")


def test_tls_demands_the_server_s_certificate_and_name() -> None:
    tls = client_security(KafkaSettings(security_protocol="SSL"))["ssl_context"]
    assert tls.verify_mode == ssl.CERT_REQUIRED
    assert tls.check_hostname
    sasl = faust_credentials(KafkaSettings(security_protocol="SASL_SSL", **SASL))  # type: ignore[arg-type]
    assert sasl
    assert sasl.protocol.value == "SASL_SSL"
    plain = faust_credentials(KafkaSettings(security_protocol="SSL"))
    assert isinstance(plain, faust.SSLCredentials)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_holds_no_certificates_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(SettingsError, match=r"^NABIZ_KAFKA_SSL_CA_FILE: .*ca\.pem is no file of"):
        client_security(KafkaSettings(security_protocol="SSL", ssl_ca_file=str(file)))
    with pytest.raises(SettingsError, match=r"^NABIZ_KAFKA_SSL_CERTIFICATE_FILE: .*ca\.pem"):
        faust_credentials(
            KafkaSettings(
                security_protocol="SSL", ssl_certificate_file=str(file), ssl_key_file=str(file)
            )
        )
