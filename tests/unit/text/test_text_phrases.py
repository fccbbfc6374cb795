import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import fold
from pipeline.text.phrases import Phrases, words_of

PATTERNS = [
    ("literal", "abc"),
    ("one of", "(?:ab|ba)b?[ ,]+c"),
    ("optional", "(?:a )?bb(?![a-z0-9])"),
    ("shorter than a head", r"c\b"),
    ("repeated", "(?:[ab] ){1,2}?ca"),
    ("not after", "(?<!a )b+c"),
    ("set and range", "[c1][0-9]*[^a-c]x"),
    ("anything", r"1.\w"),
]
PHRASES = Phrases(PATTERNS)
WHOLE = re.compile("(?<![a-z0-9])(?:" + "|".join(f"({p})" for _, p in PATTERNS) + ")")


@given(st.lists(st.text("abc1x ,.!ç\n", max_size=20), max_size=4))
@settings(max_examples=300)
def test_finds_what_one_regular_expression_would(texts: list[str]) -> None:
    folded = fold(texts)
    expected = [
        (PATTERNS[match.lastindex - 1][0], *match.span())
        for match in WHOLE.finditer(folded.text)
        if match.lastindex
    ]
    assert list(PHRASES.find(words_of(folded))) == expected


@pytest.mark.parametrize("text", ["abc", "x-abc.", "ABC!", "a'bc"])
def test_a_phrase_begins_where_a_word_does(text: str) -> None:
    assert [name for name, *_ in PHRASES.find(words_of(fold([text])))] == ["literal"]


def test_overlapping_phrases_are_found_only_where_asked_for() -> None:
    words = words_of(fold(["a bb 1bb"]))
    phrases = Phrases([("long", "a bb"), ("short", "bb")])
    assert [name for name, *_ in phrases.find(words)] == ["long"]
    assert [name for name, *_ in phrases.find(words, overlapping=True)] == ["long", "short"]
