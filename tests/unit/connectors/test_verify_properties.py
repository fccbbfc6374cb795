"""Whatever is sent, verification answers; what was changed on its way is never verified."""

import base64
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.connectors.verify.admission import Accepted, Answered, Passed, Unverified
from tests.support.gates import NOW, admitted, gate

GATES = {
    "hmac": """
verify:
  s:
    scheme: hmac
    signature: "{header.s}"
    signed: "{header.t}.{query.q}.{body}"
    timestamp: "{header.t | epoch_s}"
    separator: ","
""",
    "base64 key": 'verify: {s: {scheme: hmac, signature: "{header.s}", key_encoding: base64}}',
    "form": 'verify: {s: {scheme: hmac, signature: "{body.s}", signed: "{form}"}}',
    "public key": 'verify: {s: {scheme: public_key, signature: "{header.s}"}}',
    "jwt": 'verify: {s: {scheme: jwt, token: "{header.s}", issuer: i, audience: "{body.a}"}}',
    "basic": "verify: {s: {scheme: basic}}",
    "token": 'verify: {s: {scheme: token, token: "{body.s[].t}", prefix: "Bearer "}}',
    "handshakes": """
handshakes:
  - {method: GET, token: "{query.t}", secret: secret, answer: "{query.a | hmac(connection.x)}"}
  - {method: POST, when: body.s > 1, answer: "{body.s}"}
unsigned:
  - {reason: ping, when: body.s.startsWith("p")}
""",
}
MAPPINGS = {name: gate(text) for name, text in GATES.items()}
KEY = rsa.generate_private_key(65537, 2048)
KEYS = {"keys": [{"kty": "oct", "k": "A" * 43}]}

NAMES = st.sampled_from(["s", "t", "authorization", "content-type", "q", "a"])
WORDS = st.text(max_size=30) | st.sampled_from(
    ["Basic YTpi", "1796117400", "eyJhbGciOiJSUzI1NiJ9.e30.AA", "multipart/form-data; boundary=x"]
)
BODIES = (
    st.binary(max_size=100)
    | st.sampled_from(
        [b"[" * 50_000, b'{"s": 1e999}', b'{"s":[{"t":"\\ud800"}]}', b"s=1&s=2&%ff", b"--x\r\n\r\n"]
    )
    | st.dictionaries(NAMES, st.integers() | st.text(max_size=9)).map(lambda d: repr(d).encode())
)
SETTINGS = st.dictionaries(
    st.sampled_from(["secret", "x", "public_key", "jwks", "username", "password", "auth"]),
    st.none()
    | st.text(max_size=20)
    | st.lists(st.text(max_size=9))
    | st.integers()
    | st.just(KEYS),
)


@pytest.mark.parametrize("name", GATES)
@settings(deadline=None)
@given(
    body=BODIES,
    headers=st.dictionaries(NAMES, WORDS),
    url=st.text(max_size=60) | st.sampled_from(["http://[", "/in/x?t=%ff&q=%00&a=1"]),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "X\x00"]),
    values=SETTINGS,
)
def test_nothing_that_is_sent_or_set_raises(
    name: str, body: bytes, headers: Any, url: str, method: str, values: Any
) -> None:
    verdict = admitted(MAPPINGS[name], body, headers, method=method, url=url, **values)
    assert isinstance(verdict, Accepted | Answered | Passed | Unverified)


SIGNED = MAPPINGS["hmac"]
CHANGES = st.tuples(st.integers(0, 10_000), st.integers(1, 255))


def changed(content: bytes, place: int, by: int) -> bytes:
    """Return the content with one byte changed."""
    place %= len(content)
    return content[:place] + bytes([content[place] ^ by]) + content[place + 1 :]


@settings(deadline=None)
@given(body=st.binary(min_size=1, max_size=200), change=CHANGES, key=st.text(min_size=1))
def test_one_changed_byte_is_not_verified(body: bytes, change: tuple[int, int], key: str) -> None:
    time = str(int(NOW.timestamp()))
    mac = hmac.digest(key.encode("utf-8", "surrogatepass"), f"{time}.q.".encode() + body, "sha256")
    given_ = {"headers": {"t": time, "s": mac.hex()}, "url": "/?q=q", "secret": key}
    assert admitted(SIGNED, body, **given_) == Accepted()
    assert isinstance(admitted(SIGNED, changed(body, *change), **given_), Unverified)
    given_["headers"]["s"] = changed(mac, *change).hex()
    assert isinstance(admitted(SIGNED, body, **given_), Unverified)


@settings(deadline=None, max_examples=20)
@given(body=st.binary(min_size=1, max_size=200), change=CHANGES)
def test_one_changed_byte_is_not_what_the_system_signed(
    body: bytes, change: tuple[int, int]
) -> None:
    signature = KEY.sign(body, padding.PKCS1v15(), hashes.SHA256())
    headers = {"s": base64.b64encode(signature).decode()}
    mapping, key = MAPPINGS["public key"], public_key()
    assert admitted(mapping, body, headers, public_key=key) == Accepted()
    assert isinstance(
        admitted(mapping, changed(body, *change), headers, public_key=key), Unverified
    )
    headers = {"s": base64.b64encode(changed(signature, *change)).decode()}
    assert isinstance(admitted(mapping, body, headers, public_key=key), Unverified)


def public_key() -> str:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


@pytest.mark.parametrize("verdict", [True, False])
@pytest.mark.parametrize(
    ("name", "headers", "body"),
    [
        ("base64 key", {"s": "00"}, b""),
        ("basic", {"authorization": "Basic YTpi"}, b""),
        ("handshakes", {}, b""),
        ("plain token", {"s": "guess"}, b""),
    ],
)
def test_secrets_are_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch, name: str, headers: Any, body: bytes, verdict: bool
) -> None:
    plain = gate('verify: {s: {scheme: token, token: "{header.s}"}}')
    method = "GET" if name == "handshakes" else "POST"
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: verdict)
    admission = admitted(
        MAPPINGS.get(name, plain),
        body,
        headers,
        method=method,
        url="/?t=guess&a=1",
        secret="AAAA",
        username="x",
        password="y",
        x="z",
    )
    assert isinstance(admission, Accepted | Answered if verdict else Unverified)
