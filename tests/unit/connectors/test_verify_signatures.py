"""Signatures over what was sent: published vectors of each scheme, and what must not pass."""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519

from pipeline.connectors.language.mapping_file import MappingError
from pipeline.connectors.verify.admission import Accepted, Unverified
from tests.support.gates import NOW, admitted, gate

PLAIN = 'verify: {signature: {scheme: hmac, signature: "{header.x-signature}"}}'
STANDARD = """
verify:
  signature:
    scheme: hmac
    signature: "{header.webhook-signature}"
    encoding: base64
    prefix: "v1,"
    separator: " "
    key_encoding: base64
    signed: "{header.webhook-id}.{header.webhook-timestamp}.{body}"
    timestamp: "{header.webhook-timestamp | epoch_s}"
"""
FORM = "application/x-www-form-urlencoded"


def signed(key: str, body: bytes, digest: str = "sha256") -> str:
    return hmac.new(key.encode(), body, digest).hexdigest()


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_keyed_hash_is_that_of_rfc_2202_and_4231(
    digest: str, expected: str, encoding: str
) -> None:
    mapping = gate(
        f'verify: {{s: {{scheme: hmac, signature: "{{header.s}}", digest: {digest}, '
        f'encoding: {encoding}, prefix: "{digest}="}}}}'
    )
    if encoding == "base64":
        expected = base64.b64encode(bytes.fromhex(expected)).decode()
    headers = {"s": f"{digest}={expected}"}
    body = b"what do ya want for nothing?"
    assert admitted(mapping, body, headers, secret="Jefe") == Accepted()
    assert isinstance(admitted(mapping, body + b" ", headers, secret="Jefe"), Unverified)
    assert isinstance(admitted(mapping, body, headers, secret="jefe"), Unverified)


def standard(**settings: Any) -> Any:
    """Return what becomes of the example of standardwebhooks.com."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1a,xyz v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = settings.pop("at", NOW.replace(year=2021, month=2, day=25, hour=15, minute=2))
    return admitted(gate(STANDARD), b'{"test": 2432232314}', headers, at=at, **settings)


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_standard_webhooks_are_verified() -> None:
    assert standard(secret=SECRET) == Accepted()
    assert isinstance(standard(secret="whsec_" + "A" * 32), Unverified)


@pytest.mark.parametrize(("minutes", "told"), [(-6, "in the future"), (6, "too long ago")])
def test_what_was_signed_at_another_time_is_refused(minutes: int, told: str) -> None:
    at = NOW.replace(year=2021, month=2, day=25, hour=15, minute=2) + timedelta(minutes=minutes)
    verdict = standard(secret=SECRET, at=at)
    assert isinstance(verdict, Unverified)
    assert told in verdict.reason


def test_a_key_that_is_not_in_base64_is_told() -> None:
    assert standard(secret="whsec_not base64") == Unverified(
        "the key of the connection is not in base64"
    )


def test_twilio_signs_the_address_and_the_sorted_fields() -> None:
    mapping = gate("""
verify:
  signature:
    scheme: hmac
    signature: "{header.x-twilio-signature}"
    digest: sha1
    encoding: base64
    signed: "{connection.public_url}{form}"
""")
    fields = {
        "To": "+18005551212",
        "Digits": "1234",
        "CallSid": "CA1234567890ABCDE",
        "From": "+14158675309",
        "Caller": "+14158675309",
    }
    settings = {
        "secret": "12345",
        "public_url": "https://mycompany.com/myapp.php?foo=1&bar=2",
    }
    headers = {"content-type": FORM, "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    body = urlencode(fields).encode()
    assert admitted(mapping, body, headers, **settings) == Accepted()
    other = body.replace(b"Digits=1234", b"Digits=1235")
    assert isinstance(admitted(mapping, other, headers, **settings), Unverified)


def test_while_a_secret_is_changed_both_are_valid() -> None:
    mapping = gate(PLAIN)
    for key in ("old", "new"):
        headers = {"x-signature": signed(key, b"{}")}
        assert admitted(mapping, b"{}", headers, secret=["old", "new"]) == Accepted()
    headers = {"x-signature": signed("older", b"{}")}
    assert isinstance(admitted(mapping, b"{}", headers, secret=["old", "new"]), Unverified)


def test_a_key_of_two_settings_takes_each_secret_in_turn() -> None:
    mapping = gate("""
verify:
  s: {scheme: hmac, signature: "{header.s}", key: "{connection.client_id}&{connection.secret}"}
""")
    headers = {"s": signed("me&new", b"{}")}
    assert admitted(mapping, b"{}", headers, client_id="me", secret=["old", "new"]) == Accepted()


@pytest.mark.parametrize("secret", [None, "", [], [""], {}, True])
def test_nothing_is_signed_with_a_key_that_is_not_set(secret: object) -> None:
    headers = {"x-signature": signed("", b"{}")}
    assert isinstance(admitted(gate(PLAIN), b"{}", headers, secret=secret), Unverified)


def test_a_signature_is_over_the_bytes_as_they_came() -> None:
    body = b'{"text": "na\\u00ef ve\\/ve\\ud83d"}\n'
    headers = {"x-signature": signed("k", body)}
    assert admitted(gate(PLAIN), body, headers, secret="k") == Accepted()


def test_a_body_that_is_no_json_is_verified_all_the_same() -> None:
    headers = {"x-signature": signed("k", b"\xff{")}
    assert admitted(gate(PLAIN), b"\xff{", headers, secret="k") == Accepted()


def test_what_is_signed_must_be_there() -> None:
    mapping = gate('verify: {s: {scheme: hmac, signature: "{header.s}", signed: "{header.t}."}}')
    headers = {"s": signed("k", b".")}
    assert admitted(mapping, b"", headers, secret="k") == Unverified(
        "a part of the signed text is missing"
    )


def public(key: Any) -> str:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()


def private_keys() -> dict[str, tuple[Any, Any]]:
    """Return keys with how each signs."""
    return {
        "rsa": (
            rsa.generate_private_key(65537, 2048),
            lambda key, body: key.sign(body, padding.PKCS1v15(), hashes.SHA256()),
        ),
        "ecdsa": (
            ec.generate_private_key(ec.SECP256R1()),
            lambda key, body: key.sign(body, ec.ECDSA(hashes.SHA256())),
        ),
        "ed25519": (ed25519.Ed25519PrivateKey.generate(), lambda key, body: key.sign(body)),
    }


PUBLIC = 'verify: {s: {scheme: public_key, signature: "{header.s}"}}'


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_public_key_says_how_it_checks(kind: str) -> None:
    (key, sign), body = private_keys()[kind], b'{"action":"message_create"}'
    headers = {"s": base64.b64encode(sign(key, body)).decode()}
    pem = public(key)
    der = "".join(line for line in pem.splitlines() if not line.startswith("-----"))
    other = public(private_keys()[kind][0])
    for text in (pem, der, f"\n{pem}\n"):
        assert admitted(gate(PUBLIC), body, headers, public_key=text) == Accepted()
    assert isinstance(admitted(gate(PUBLIC), body + b" ", headers, public_key=pem), Unverified)
    assert isinstance(admitted(gate(PUBLIC), body, headers, public_key=other), Unverified)


def test_a_keyed_hash_with_the_public_key_is_no_signature() -> None:
    key = public(private_keys()["rsa"][0])
    forged = base64.b64encode(hmac.digest(key.encode(), b"{}", hashlib.sha256)).decode()
    assert isinstance(admitted(gate(PUBLIC), b"{}", {"s": forged}, public_key=key), Unverified)


def test_a_key_that_is_none_is_told() -> None:
    for key in ("no key", "-----BEGIN PUBLIC KEY-----", public(x25519.X25519PrivateKey.generate())):
        verdict = admitted(gate(PUBLIC), b"{}", {"s": "AAAA"}, public_key=key)
        assert isinstance(verdict, Unverified)
        assert "the key of the connection is no" in verdict.reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('verify: {s: {scheme: hmac, signature: "{headr.x}"}}', "begins with `headr`"),
        ("verify: {s: {scheme: hmac}}", "signature"),
        ('verify: {s: {scheme: magic, token: "{header.x}"}}', "magic"),
        ('verify: {s: {scheme: hmac, signature: "{header.x}", digest: md5}}', "md5"),
        ('verify: {s: {scheme: hmac, signature: "{header.x}", signed: "{body} {"}}', "brace"),
    ],
)
def test_a_mistake_in_a_scheme_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(MappingError, match=rf"mapping\.yaml:8: .*{told}"):
        gate(text)
