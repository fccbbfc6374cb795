"""How clients prove who they are to Kafka, and how they know that it is Kafka.

The settings, in the words of each client.
"""

import ssl
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from pipeline.config.groups import KafkaSettings
from pipeline.config.settings import SettingsError

Security: TypeAlias = Mapping[str, Any]
"""Keyword arguments of every client of kafka-python."""

PLAINTEXT: Final[Security] = {"security_protocol": "PLAINTEXT"}


class Cluster(NamedTuple):
    """Where Kafka is, and how clients of kafka-python prove who they are to it."""

    bootstrap: str
    security: Security = PLAINTEXT


def cluster_of(kafka: KafkaSettings) -> Cluster:
    """Return the cluster that is set. Raises SettingsError as `client_security` does."""
    return Cluster(kafka.bootstrap, client_security(kafka))


def client_security(kafka: KafkaSettings) -> Security:
    """Return what clients of kafka-python are given beside the address.

    Raises SettingsError if a certificate file cannot be read.
    """
    security: dict[str, Any] = {"security_protocol": kafka.security_protocol}
    if "SSL" in kafka.security_protocol:
        security["ssl_context"] = _tls(kafka)
    if "SASL" in kafka.security_protocol:
        security["sasl_mechanism"] = kafka.sasl_mechanism
        security["sasl_plain_username"] = kafka.sasl_username
        security["sasl_plain_password"] = kafka.sasl_password.get_secret_value()
    return security


def _tls(kafka: KafkaSettings) -> ssl.SSLContext:
    """The server must show a certificate for its name, signed by one that is trusted."""
    ca, certificate = kafka.ssl_ca_file, kafka.ssl_certificate_file
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise SettingsError(
            f"NABIZ_KAFKA_SSL_CA_FILE: {ca} is no file of certificates ({error})"
        ) from None
    if certificate:
        try:
            # A password, so that OpenSSL does not ask the terminal for that of an encrypted key.
            context.load_cert_chain(certificate, kafka.ssl_key_file, password="")
        except OSError as error:
            raise SettingsError(
                f"NABIZ_KAFKA_SSL_CERTIFICATE_FILE: {certificate} and the key in "
                f"{kafka.ssl_key_file} cannot be used together ({error})"
            ) from None
    return context
