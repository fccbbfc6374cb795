"""The parts of a login at an OpenID provider that ask nobody: flow, ID token, user."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from pipeline.access.login_page import Ways, login_page
from pipeline.access.oidc import spent
from pipeline.access.oidc.claims import NoUser, user_of
from pipeline.access.oidc.flow import (
    LONGEST,
    Flow,
    authorization_url,
    challenge,
    opened,
    sealed,
)
from pipeline.access.oidc.provider import ProviderAway, _decoded
from pipeline.access.oidc.token import Keys, Untrusted, trusted_claims
from pipeline.access.trail import AuditTrail
from pipeline.access.user import Role, User
from pipeline.common.urls import is_protected
from pipeline.config.access import AccessSettings, ApiSettings
from pipeline.config.settings import Settings
from pipeline.web.app import access_of
from pipeline.web.server import listen

KEY = b"k" * 32
FLOW = Flow("state", "nonce", "verifier", "/board?by=ş", "en", 1_000.0)
EC = ECKey.generate_key("P-256", {"kid": "ec"})
CLAIMS = {"iss": "https://a", "aud": "nabiz", "sub": "1", "iat": 0, "exp": 100, "nonce": "n"}
ROLES: dict[str, Role] = {"cx": "agent", "leads": "admin"}


def read(token: str, keys: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    held = [EC.as_dict(private=False)] if keys is None else keys
    return dict(
        trusted_claims(
            token, Keys(held), issuer="https://a", client_id="nabiz", nonce="n", now=50.0
        )
    )


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_address_to_go_to_keeps_what_the_endpoint_asks_for() -> None:
    url = authorization_url("https://a/auth?tenant=7", "nabiz", "https://n/back", "openid", FLOW)
    assert parse_qs(urlsplit(url).query) == {
        "tenant": ["7"],
        "response_type": ["code"],
        "client_id": ["nabiz"],
        "redirect_uri": ["https://n/back"],
        "scope": ["openid"],
        "state": ["state"],
        "nonce": ["nonce"],
        "code_challenge": [challenge("verifier")],
        "code_challenge_method": ["S256"],
    }
    assert authorization_url("https://a/auth", "n", "b", "openid", FLOW).count("?") == 1


def test_a_flow_is_what_it_was_for_ten_minutes() -> None:
    kept = sealed(FLOW, KEY)
    assert opened(kept, KEY, 1_599.9) == FLOW
    assert opened(kept, KEY, 1_600.0) is None
    assert opened(kept, b"another", 1_000.0) is None


@given(st.text(max_size=200), st.integers(0, 300))
def test_a_cookie_that_is_not_ours_is_no_flow(text: str, at: int) -> None:
    kept = sealed(FLOW, KEY)
    assert opened(text, KEY, 1_000.0) is None
    # The seal may be written in more than one way; what it seals may not.
    assert opened(kept[:at] + text + kept[at + 1 :], KEY, 1_000.0) in (None, FLOW)


@pytest.mark.filterwarnings("ignore:EdDSA")
@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", RSAKey.generate_key(2048, {"kid": "k"})),
        ("ES256", EC),
        ("EdDSA", OKPKey.generate_key("Ed25519", {"kid": "k"})),
    ],
)
def test_a_signature_of_the_provider_is_known_with_and_without_the_name_of_its_key(
    algorithm: str, key: Key
) -> None:
    for named in ({"kid": key.kid}, {}):
        header = {"alg": algorithm, **named}
        token = jwt.encode(header, dict(CLAIMS), key, algorithms=[algorithm])
        assert read(token, [key.as_dict(private=False)]) == CLAIMS


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{}],
        [{"kty": "EC"}],
        [{"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}],
        [{"kty": "oct", "k": "c2VjcmV0LW9mLW5vYm9keQ"}],
        [{**EC.as_dict(private=False), "use": "enc"}],
        [{"kty": 7}],
    ],
)
def test_keys_that_are_none_for_signatures_verify_nothing(keys: list[dict[str, Any]]) -> None:
    token = jwt.encode({"alg": "ES256", "kid": "ec"}, dict(CLAIMS), EC)
    with pytest.raises(Untrusted):
        read(token, keys)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from([*CLAIMS, "azp", "nbf"]), json_values)
def test_claims_of_any_shape_are_believed_or_refused(name: str, value: Any) -> None:
    token = jwt.encode({"alg": "ES256", "kid": "ec"}, {**CLAIMS, name: value}, EC)
    try:
        found = read(token)
    except Untrusted:
        return
    assert found["iss"] == "https://a"
    assert "nabiz" in found["aud"]
    assert found["nonce"] == "n"
    assert found["exp"] > -10


@given(st.text(max_size=60))
def test_what_is_no_token_is_refused(text: str) -> None:
    for token in (text, f"{text}.{text}.{text}", f"eyJhbGciOiJFUzI1NiJ9.{text}.a"):
        with pytest.raises(Untrusted):
            read(token)


def who(name_claim: str = "name", role_claim: str = "groups", **claims: Any) -> User:
    return user_of(claims, name_claim=name_claim, role_claim=role_claim, roles=ROLES)


def test_a_user_has_the_name_in_small_letters_and_the_highest_role() -> None:
    assert who(name="Ayse@Example.com", groups="cx") == User("ayse@example.com", "agent")
    assert who(name="ali", groups=["cx", 7, None, "leads", "x"]) == User("ali", "admin")


def test_a_claim_may_be_named_by_a_path_or_have_dots_in_its_name() -> None:
    inner = {"realm_access": {"roles": ["cx"]}}
    assert who(role_claim="realm_access.roles", name="ali", **inner).role == "agent"
    assert who(role_claim="https://a.b/roles", name="ali", **{"https://a.b/roles": "cx"})
    for path in ("realm_access.teams", "realm_access.roles.x", "no.such"):
        with pytest.raises(NoUser, match="no_role"):
            who(role_claim=path, name="ali", **inner)


@pytest.mark.parametrize(
    "name", [None, "", 7, ["ali"], "ayşe", "\u212aemal", "a b", "token", "Local", "x" * 65, ".a"]
)
def test_a_name_that_no_user_may_have_is_refused(name: Any) -> None:
    with pytest.raises(NoUser, match="no_name"):
        who(name=name, groups="cx")


def test_an_address_that_is_not_verified_is_no_name() -> None:
    assert who("email", email="a@b.c", groups="cx").name == "a@b.c"
    assert who("email", email="a@b.c", email_verified=True, groups="cx").name == "a@b.c"
    for verified in (False, "false", None):
        with pytest.raises(NoUser, match="no_name"):
            who("email", email="a@b.c", email_verified=verified, groups="cx")


@given(st.dictionaries(st.sampled_from(["name", "groups", "a"]), json_values))
def test_claims_of_any_shape_are_a_user_or_none(claims: dict[str, Any]) -> None:
    for path in ("groups", "a.b"):
        try:
            user = user_of(claims, name_claim="name", role_claim=path, roles=ROLES)
        except NoUser:
            continue
        assert user.role in ROLES.values()


@pytest.mark.parametrize(
    ("url", "protected"),
    [
        ("https://login.example.com/x", True),
        ("http://127.0.0.1:80", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("http://login.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_secrets_go_under_tls_or_stay_on_this_machine(url: str, protected: bool) -> None:
    assert is_protected(url) is protected


def test_the_page_offers_the_ways_there_are_and_their_names_stay_text() -> None:
    both = login_page("en", "/a?b=c", ways=Ways(company="<i>{seconds}", leave_url='https://x"><i>'))
    assert "<i>" not in both
    assert "Sign in with &lt;i&gt;{seconds}" in both
    assert 'href="/login/oidc?next=%2Fa%3Fb%3Dc&amp;lang=en"' in both
    assert 'name="password"' in both
    alone = login_page("tr", "/", ways=Ways(password=False, company="Acme"))
    assert "Acme ile giriş yap" in alone
    assert "<form" not in alone
    assert "oidc" not in login_page("tr", "/")


SET = AccessSettings(
    oidc_issuer="https://login.example.com", oidc_client_id="nabiz", oidc_roles=ROLES
)


def test_a_provider_opens_other_hosts_and_is_named_after_its_own(socket_enabled: None) -> None:
    access = access_of(Settings(access=SET), AuditTrail(lambda _: None))
    assert access.has_login
    assert access.provider is not None
    assert access.provider.company == "login.example.com"
    with listen(ApiSettings(host="0.0.0.0", port=0), login=SET.login) as listener:
        assert listener.getsockname()[1] > 0


def test_a_flow_serves_once_and_so_do_those_that_are_no_longer_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spent, "MOST", 3)
    flows = [Flow(f"state{at}", "n", "v", "/", "tr", float(at)) for at in range(1, 9)]
    used = spent.Spent()
    assert [used.spend(one, 10.0) for one in flows] == [True] * 8
    assert [used.spend(one, 10.0) for one in flows] == [False] * 8
    late = Flow("late", "n", "v", "/", "tr", 9.0)
    assert used.spend(late, 10.0 + LONGEST)


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"keys":' * 100_000, b"\xff", b""])
def test_an_answer_of_the_provider_that_cannot_be_read_is_none(body: bytes) -> None:
    asked = httpx.Request("GET", "https://login.example.com/keys")
    with pytest.raises(ProviderAway):
        _decoded(httpx.Response(200, content=body, request=asked), Keys)
