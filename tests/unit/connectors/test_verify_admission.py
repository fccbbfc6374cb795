"""Which requests are deliveries: handshakes, pings, and the scheme that a connection chooses."""

import base64
import hmac
import re
from pathlib import Path

import pytest

from pipeline.connectors.language.mapping_file import MappingError
from pipeline.connectors.verify.admission import Accepted, Answered, Passed, Unverified
from tests.support.gates import admitted, gate

PAGE = Path(__file__).parents[3] / "docs" / "connectors" / "verification.md"
HUB = """
verify: {signature: {scheme: hmac, signature: "{header.x-hub-signature-256}"}}
handshakes:
  - method: GET
    when: query["hub.mode"] == "subscribe"
    token: '{query."hub.verify_token"}'
    secret: verify_token
    answer: '{query."hub.challenge"}'
"""
TWO = """
verify:
  key: {scheme: token, token: "{header.x-key}"}
  basic: {scheme: basic}
"""
CRC = """
handshakes:
  - method: GET
    when: query.crc_token != null
    answer: '{{"response_token": "sha256={query.crc_token | hmac(connection.secret)}"}}'
    content_type: application/json
"""
PING = """
verify: {key: {scheme: token, token: "{header.x-key}"}}
unsigned:
  - reason: ping
    when: header["x-topic"] == null && body.webhook_id != null
"""
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_examples_of_the_page_are_mappings() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        gate(example)


def hub(token: str, **settings: object) -> object:
    url = f"/in/shop-1?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=115%2B8"
    return admitted(gate(HUB), b"", method="GET", url=url, **settings)


def test_a_challenge_is_answered_for_the_right_token_only() -> None:
    assert hub("word", verify_token="word") == Answered(200, "115+8")
    assert hub("word", verify_token=["new", "word"]) == Answered(200, "115+8")
    wrong = Unverified("the token of the handshake is wrong")
    for token, settings in {"w": "word", "None": None, "": ""}.items():
        assert hub(token, verify_token=settings) == wrong


def test_a_challenge_may_be_answered_with_its_keyed_hash() -> None:
    mapping = gate(CRC)
    answer = admitted(mapping, method="GET", url="/in/x?crc_token=abc", secret=["key", "old"])
    digest = base64.b64encode(hmac.digest(b"key", b"abc", "sha256")).decode()
    assert answer == Answered(200, f'{{"response_token": "sha256={digest}"}}', "application/json")


@pytest.mark.parametrize("body", ["%7B%7D", "%5B%5D", "a=1%26b=2", "a%3D1", "a%20b", "%22"])
def test_what_could_be_a_body_is_not_hashed_for_whoever_asks(body: str) -> None:
    answer = admitted(gate(CRC), method="GET", url=f"/in/x?crc_token={body}", secret="key")
    assert isinstance(answer, Unverified)


def test_a_post_may_be_a_handshake() -> None:
    mapping = gate("""
verify: {key: {scheme: token, token: "{header.x-key}"}}
handshakes: [{method: POST, when: body.type == "challenge", answer: "{body.challenge}"}]
""")
    assert admitted(mapping, b'{"type":"challenge","challenge":"c"}') == Answered(200, "c")
    assert isinstance(admitted(mapping, b'{"type":"order"}'), Unverified)


@pytest.mark.parametrize("text", [HUB, TWO, ""])
def test_whoever_looks_whether_the_address_is_there_is_told_so(text: str) -> None:
    seen = admitted(gate(text), b"", method="GET")
    assert isinstance(seen, Answered)
    assert (seen.status, "shop-1" in seen.body) == (200, True)
    assert admitted(gate(text), b"", method="HEAD") == Answered(200, "")


def test_a_ping_that_nobody_signs_is_acknowledged_and_dropped() -> None:
    mapping = gate(PING)
    assert admitted(mapping, b"webhook_id=5", FORM, secret="k") == Passed("ping")
    delivery = admitted(mapping, b"webhook_id=5", {**FORM, "x-topic": "order"}, secret="k")
    assert isinstance(delivery, Unverified)


def test_a_connection_chooses_the_scheme() -> None:
    basic = {"authorization": "Basic " + base64.b64encode(b"me:word").decode()}
    settings = {"username": "me", "password": "word", "secret": "k"}
    assert admitted(gate(TWO), b"", {"x-key": "k"}, **settings) == Accepted()
    assert admitted(gate(TWO), b"", basic, **settings, auth="basic") == Accepted()
    assert isinstance(admitted(gate(TWO), b"", basic, **settings), Unverified)
    assert isinstance(
        admitted(gate(TWO), b"", {"x-key": "k"}, **settings, auth="other"), Unverified
    )
    assert admitted(gate(TWO), b"", auth="none") == Accepted()


def test_a_system_that_proves_nothing_is_taken_only_where_the_connection_says_so() -> None:
    assert isinstance(admitted(gate("")), Unverified)
    assert admitted(gate(""), auth="none") == Accepted()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unsigned: [{reason: ping}]", "no delivery would be checked"),
        ("handshakes: [{method: POST, answer: x}]", "no delivery would be checked"),
        ('handshakes: [{method: GET, token: "{query.t}"}]', "belong together"),
        ('handshakes: [{method: GET, token: "{query.t}", secret: oher}]', "`oher`"),
        ("handshakes: [{method: GET, when: quer.t == 1}]", "quer"),
    ],
)
def test_a_gate_that_would_let_all_in_is_refused_when_it_is_loaded(text: str, told: str) -> None:
    with pytest.raises(MappingError, match=rf"mapping\.yaml:8: .*{told}"):
        gate(text)
