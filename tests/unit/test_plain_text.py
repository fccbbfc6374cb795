"""Texts of others as they may be shown."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.plain_text import one_line, plain

TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a"
BREAKING = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def hostile() -> st.SearchStrategy[str]:
    """Texts that abound in what is not for reading, and any others."""
    signs = st.sampled_from([*TURNING, *BREAKING, "\x00", "\x1b", "\ud800", "\ufeff", "a", " "])
    return st.text(st.one_of(signs, st.characters(codec=None)))


@given(hostile())
def test_plain_keeps_the_length_and_the_lines_and_nothing_that_is_not_for_reading(
    text: str,
) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not set(shown) & set(TURNING + BREAKING) - {"\n"}
    assert not [one for one in shown if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")] or (
        {one for one in shown if unicodedata.category(one) == "Cc"} <= {"\n", "\t"}
    )
    assert shown.count("\n") == text.count("\n")


@given(hostile(), st.integers(1, 20))
def test_one_line_is_one_line_and_no_longer_than_it_may_be(text: str, longest: int) -> None:
    shown = one_line(text, longest)
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= longest
    assert shown == one_line(shown, longest)


def test_what_is_left_out_is_shown_by_an_ellipsis() -> None:
    assert one_line("kargo\nhâlâ yok", 9) == "kargo hâ…"
