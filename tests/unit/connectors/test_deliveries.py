"""What a mapping reads of a request: JSON, forms with files, addresses."""

import gzip
import zlib
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.connectors.delivery import LARGEST, Delivery, body_of, document_of
from pipeline.connectors.recorded import Recorded
from pipeline.model.dead_letter import Invalid

NOW = datetime(2026, 12, 1, tzinfo=UTC)
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="from"\r\n\r\nElif <e@a.example>\r\n'
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n'
    b"Content-Type: text/plain; charset=windows-1254\r\n\r\n"
    + "İade gelmedi, çok kızgınım".encode("cp1254")
    + b'\r\n--x\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n\r\n\x89PNG\r\n'
    b"--x--\r\n"
)


def document(body: bytes, kind: str = "application/json", url: str = "") -> dict[str, object]:
    headers = {"content-type": kind}
    return document_of(Delivery("shop", NOW, body, "POST", url, headers))


def test_a_form_with_files_is_read_without_them() -> None:
    assert document(PARTS, "multipart/form-data; boundary=x")["body"] == {
        "from": "Elif <e@a.example>",
        "text": "İade gelmedi, çok kızgınım",
    }


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "deflate"])
def test_a_packed_body_is_unpacked(encoding: str) -> None:
    pack = gzip.compress if "gzip" in encoding.lower() else zlib.compress
    packed = Delivery("shop", NOW, pack(b'{"a": 1}'), headers={"content-encoding": encoding})
    assert body_of(packed) == {"a": 1}
    form = Delivery(
        *("shop", NOW, pack(b"a=1"), "POST", ""),
        {"content-encoding": encoding, "content-type": "application/x-www-form-urlencoded"},
    )
    assert body_of(form) == {"a": "1"}


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (b"{}", "gzip", "cannot be unpacked"),
        (gzip.compress(b"{}", mtime=0)[:-9], "gzip", "is cut"),
        (gzip.compress(bytes(LARGEST + 1), mtime=0), "gzip", "larger than"),
        (b"{}", "br", "packed as br"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_told(body: bytes, encoding: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        body_of(Delivery("shop", NOW, body, headers={"content-encoding": encoding}))
    assert why in refused.value.detail


def test_a_long_field_of_a_form_is_read_whole() -> None:
    text = b"a" * 300_000
    body = PARTS.replace(b"Elif <e@a.example>", text)
    form = document(body, "multipart/form-data; boundary=x")["body"]
    assert form["from"] == text.decode()  # type: ignore[index]


@pytest.mark.parametrize("url", ["/in/x?a=1&b=%C3%A7&c=", "https://h.example/in/x?a=1&b=ç&c=#d?e"])
def test_the_query_of_an_address(url: str) -> None:
    assert document(b"", url=url)["query"] == {"a": "1", "b": "ç", "c": ""}


@given(
    body=st.binary(max_size=200),
    kind=st.text(max_size=40)
    | st.sampled_from(["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]),
    url=st.text(max_size=60),
)
@example(PARTS, "multipart/form-data", "http://[")
@example(PARTS, "multipart/form-data; boundary=", "")
@example(PARTS[:-30], "multipart/form-data; boundary=x", "")
@example(PARTS.replace(b"windows-1254", b"klingon"), "multipart/form-data; boundary=x", "")
def test_no_request_fails_otherwise_than_as_invalid(body: bytes, kind: str, url: str) -> None:
    with suppress(Invalid):
        document(body, kind, url)


def test_a_recorded_table_is_named_by_the_connection_or_its_first_row() -> None:
    rows = [["no", "puan"], ["7", "5"]]
    named = Recorded("survey_file", csv=rows[1:], connection={"columns": rows[0]})
    for recorded in (Recorded("survey_file", csv=rows), named):
        assert body_of(recorded.delivery(NOW)) == {"rows": [{"no": "7", "puan": "5"}]}
