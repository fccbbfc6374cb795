"""An open enum reads what a newer version has added, and writes it as it was."""

import copy
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.open_enum import OpenEnum


class Colour(OpenEnum):
    RED = "red"
    GREEN = "green"


UNKNOWN = st.text().filter(lambda text: text not in {"red", "green"})
JSON = msgspec.json.Decoder(Colour)


def test_known_value_is_the_member_itself() -> None:
    assert Colour("red") is Colour.RED
    assert JSON.decode(b'"red"') is Colour.RED
    assert Colour.RED.is_known


@given(text=UNKNOWN)
def test_unknown_value_is_written_as_it_was_read(text: str) -> None:
    encoded = msgspec.json.encode(text)
    colour = JSON.decode(encoded)
    assert isinstance(colour, Colour)
    assert msgspec.json.encode(colour) == encoded
    assert (str(colour), colour.value, f"{colour}") == (text, text, text)
    assert not colour.is_known


@given(text=UNKNOWN)
def test_unknown_values_are_equal_by_their_text(text: str) -> None:
    colour = Colour(text)
    assert colour == Colour(text) == text
    assert {colour: 1}[Colour(text)] == {colour: 1}[text] == 1  # type: ignore[index]
    assert copy.deepcopy(colour) == pickle.loads(pickle.dumps(colour)) == text
    assert colour not in {Colour.RED, Colour.GREEN}


def test_value_that_is_called_like_a_member_is_unknown_all_the_same() -> None:
    assert not Colour("RED").is_known
    assert Colour("RED") != Colour.RED


def test_values_that_were_read_are_kept_nowhere() -> None:
    before = vars(Colour).copy()
    for number in range(100):
        Colour(f"colour {number}")
    assert vars(Colour) == before
    assert [*Colour] == [Colour.RED, Colour.GREEN]
    assert len(Colour._value2member_map_) == 2


@pytest.mark.parametrize("value", [1, None, True, ["red"], {"red": 1}])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="valid Colour"):
        Colour(value)  # type: ignore[arg-type]
    with pytest.raises(msgspec.ValidationError):
        JSON.decode(msgspec.json.encode(value))
