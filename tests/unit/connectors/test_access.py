"""What a connection shows to the API of its source."""

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from pipeline.connectors.connection import Connection
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.polls.access import JWT_BEARER, Grant

NOON = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEAD = "system: s\ntitle: {tr: s, en: s}\ntransports: [poll]\nthings: [{}]\n"
SYSTEMS = Path(__file__).parents[3] / "connectors"


def shown(mapping: Mapping, **settings: Any) -> Grant | None:
    return mapping.access(Connection("c", mapping.system, settings), NOON)


def mapping(access: str = "") -> Mapping:
    return Mapping(Path("mapping.yaml"), (HEAD + access).encode())


def of_system(name: str) -> Mapping:
    file = SYSTEMS / name / "mapping.yaml"
    return Mapping(file, file.read_bytes())


def test_without_a_word_of_the_mapping_oauth_settings_count() -> None:
    one = mapping()
    assert shown(one) is None
    assert shown(one, access_token=["new", "old"]) == Grant("new")
    oauth = {"token_url": "https://t", "client_id": "i", "client_secret": "s"}
    by_client = shown(one, **oauth)
    assert by_client is not None
    assert by_client.form == {
        "grant_type": "client_credentials",
        "client_id": "i",
        "client_secret": "s",
    }
    refreshed = shown(one, **oauth, refresh_token="r")
    assert refreshed is not None
    assert (refreshed.token_url, refreshed.form["grant_type"]) == ("https://t", "refresh_token")


def test_basic_is_user_name_and_password() -> None:
    grant = shown(of_system("trendyol"), seller_key="ğ:k", seller_secret=["s", "old"])
    assert grant is not None
    assert (grant.scheme, b64decode(grant.token).decode()) == ("Basic", "ğ:k:s")


def test_app_store_connect_is_shown_a_token_of_twenty_minutes_at_most() -> None:
    key = ECKey.generate_key("P-256")
    grant = shown(
        of_system("app_store"),
        private_key=key.as_pem(private=True).decode(),
        key_id="K1",
        issuer_id="I1",
    )
    assert grant is not None
    token = jwt.decode(grant.token, key, algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "kid": "K1", "typ": "JWT"}
    assert (token.claims["iss"], token.claims["aud"]) == ("I1", "appstoreconnect-v1")
    assert token.claims["iat"] == NOON.timestamp()
    assert 0 < token.claims["exp"] - token.claims["iat"] <= 1_200


def test_google_exchanges_what_the_service_account_signs() -> None:
    key = RSAKey.generate_key(2048)
    account = {
        "client_email": "n@x.iam",
        "private_key": key.as_pem(private=True).decode(),
        "token_uri": "https://oauth2.example/token",
    }
    grant = shown(of_system("google_play"), service_account=msgspec.json.encode(account).decode())
    assert grant is not None
    assert (grant.token_url, grant.form["grant_type"]) == (account["token_uri"], JWT_BEARER)
    claims = jwt.decode(grant.form["assertion"], key, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == ("n@x.iam", account["token_uri"])
    assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"service_account": "no JSON"}, "JSON"),
        ({"service_account": "{}"}, "`key` needs a setting"),
        ({"service_account": '{"private_key": "x"}'}, "the key cannot sign"),
    ],
)
def test_a_key_that_cannot_be_is_a_sentence(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        shown(of_system("google_play"), **settings)
