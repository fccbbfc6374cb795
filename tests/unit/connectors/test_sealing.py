"""Deliveries on the topic: only who has the key can read or make them."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.common.private_files import OTHERS
from pipeline.config.connectors import ConnectorsSettings
from pipeline.config.settings import Settings, SettingsError
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.local_key import LOCAL_KEY, make_local_key
from pipeline.connectors.sealing import Seal, open_seal
from pipeline.model.dead_letter import Invalid
from pipeline.model.sealed import Sealed

FIRST, SECOND = "k" * 32, "l" * 44
DELIVERY = Delivery(
    "whatsapp-1",
    datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    b'{"text":"Kargom nerede?"}',
    "POST",
    "/in/whatsapp-1?a=b",
    {"content-type": "application/json"},
)
TIMES = st.datetimes(
    min_value=datetime(1990, 1, 1),
    max_value=datetime(2090, 1, 1),
    timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DELIVERIES = st.builds(
    Delivery, TEXTS, TIMES, st.binary(), TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS)
)


@given(DELIVERIES)
def test_what_is_sealed_opens_as_it_was_and_shows_nothing(delivery: Delivery) -> None:
    value = Seal([FIRST]).sealed(delivery)
    assert Seal([SECOND, FIRST]).opened(value) == delivery
    if len(delivery.body) > 6:
        assert delivery.body not in msgspec.json.decode(value, type=Sealed).sealed


@given(st.integers(min_value=0), st.integers(1, 255))
def test_one_changed_byte_is_seen(place: int, change: int) -> None:
    sealed = msgspec.json.decode(Seal([FIRST]).sealed(DELIVERY), type=Sealed)
    content = bytearray(sealed.sealed)
    content[place % len(content)] ^= change
    other = msgspec.structs.replace(sealed, sealed=bytes(content))
    with pytest.raises(Invalid, match="was changed"):
        Seal([FIRST]).opened(msgspec.json.encode(other))


@pytest.mark.parametrize(
    "change",
    [{"connection": "other"}, {"received_at": DELIVERY.received_at + timedelta(seconds=1)}],
)
def test_a_delivery_does_not_pass_for_that_of_another_connection_or_time(change: dict) -> None:
    sealed = msgspec.json.decode(Seal([FIRST]).sealed(DELIVERY), type=Sealed)
    other = msgspec.structs.replace(sealed, **change)
    with pytest.raises(Invalid, match="was changed"):
        Seal([FIRST]).opened(msgspec.json.encode(other))


def test_a_key_can_be_changed_without_a_gap() -> None:
    old, both = Seal([FIRST]), Seal([SECOND, FIRST])
    assert both.opened(old.sealed(DELIVERY)) == DELIVERY
    with pytest.raises(Invalid, match="NABIZ_CONNECTORS_KEY"):
        old.opened(both.sealed(DELIVERY))


@given(st.binary())
def test_what_is_no_sealed_delivery_is_refused(value: bytes) -> None:
    with pytest.raises(Invalid):
        Seal([FIRST]).opened(value)


def test_deep_nesting_and_short_contents_are_refused() -> None:
    empty = Sealed("c", DELIVERY.received_at, Seal([FIRST]).name, b"")
    for value in (b"[" * 100_000, msgspec.json.encode(empty)):
        with pytest.raises(Invalid):
            Seal([FIRST]).opened(value)


def settings(folder: Path, key: str = "") -> Settings:
    return Settings(data=folder, connectors=ConnectorsSettings(key=SecretStr(key)))


def test_without_a_key_the_sentence_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"NABIZ_CONNECTORS_KEY_FILE.*openssl rand -base64 32"):
        open_seal(settings(tmp_path))
    with pytest.raises(SettingsError, match="at least 32"):
        open_seal(settings(tmp_path, f"{FIRST} short"))


def test_the_key_of_this_machine_is_made_once_and_its_owners_alone(tmp_path: Path) -> None:
    make_local_key(tmp_path)
    made = (tmp_path / LOCAL_KEY).read_text()
    make_local_key(tmp_path)
    assert (tmp_path / LOCAL_KEY).read_text() == made
    assert not (tmp_path / LOCAL_KEY).stat().st_mode & OTHERS
    assert open_seal(settings(tmp_path)).opened(
        open_seal(settings(tmp_path, made)).sealed(DELIVERY)
    )


def test_a_key_that_is_set_goes_before_that_of_this_machine(tmp_path: Path) -> None:
    make_local_key(tmp_path)
    assert Seal([FIRST]).opened(open_seal(settings(tmp_path, FIRST)).sealed(DELIVERY))
