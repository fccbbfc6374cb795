"""Every mapping that ships: nothing that is sent makes it fail, nothing forged passes it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.connectors.connection import ConnectionInvalid, connection_of
from pipeline.connectors.language.verify_form import Signature
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.setup.book import FIXTURE_TIME, Fixture, MappingBook, read_fixture
from pipeline.connectors.trial import tried
from pipeline.connectors.verify.admission import Accepted, Unverified, admit

FOLDER = Path(__file__).parents[3] / "connectors"
BOOK = MappingBook(FOLDER)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["2026-12-01T09:30:00Z", "1e400", "0", "", "-1", "a@b.example", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


FIXTURES = {
    system: [file.read_text() for file in sorted(FOLDER.glob(f"{system}/fixtures/*.json"))]
    for system in BOOK.systems
}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every object or list in a value with each of its keys."""
    keys = range(len(value)) if isinstance(value, list) else list(value)
    for key in keys:
        yield value, key
        if isinstance(value[key], list | dict):
            yield from places(value[key])


@pytest.mark.parametrize("system", FIXTURES)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_delivery_makes_a_mapping_fail(system: str, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(FIXTURES[system]) - 1))
    delivery = json.loads(FIXTURES[system][number])
    delivery.pop("expect", None)
    if "raw_body" in delivery:
        with suppress(json.JSONDecodeError):
            delivery["body"] = json.loads(delivery["raw_body"])
            del delivery["raw_body"]
    delivery.get("connection", {})["auth"] = "none"
    parts = [delivery[n] for n in ("body", "form", "headers", "connection") if delivery.get(n)]
    for _ in range(data.draw(st.integers(1, 3))):
        all_places = list(places(parts))
        holder, key = all_places[data.draw(st.integers(0, len(all_places) - 1))]
        holder[key] = data.draw(VALUES)
    with suppress(ConnectionInvalid, msgspec.DecodeError):
        recorded = msgspec.json.decode(json.dumps(delivery), type=Fixture)
        tried(recorded, BOOK.mapping(system), FIXTURE_TIME)


def covered(mapping: Mapping, connection: dict[str, Any]) -> bool:
    """Return whether the scheme of a connection signs the body."""
    name = connection.get("auth") or next(iter(mapping.form.verify), "none")
    scheme = mapping.form.verify.get(name)
    return isinstance(scheme, Signature) and "{body}" in scheme.signed


@pytest.mark.parametrize("system", BOOK.systems)
def test_a_signed_fixture_with_one_changed_byte_is_refused(system: str) -> None:
    mapping = BOOK.mapping(system)
    for file in sorted(FOLDER.glob(f"{system}/fixtures/*.json")):
        fixture = read_fixture(file)
        if fixture.transport != "webhook" or not covered(mapping, fixture.connection):
            continue
        delivery = fixture.delivery(FIXTURE_TIME)
        connection = connection_of(system, system, fixture.connection)
        if not isinstance(admit(delivery, mapping, connection), Accepted):
            continue
        for place in range(0, len(delivery.body), 1 + len(delivery.body) // 20):
            body = bytearray(delivery.body)
            body[place] ^= 1
            other = msgspec.structs.replace(delivery, body=bytes(body))
            assert isinstance(admit(other, mapping, connection), Unverified), (file, place)
