from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluation.challenges import load
from pipeline.text.normalise import fold

TRAINING = Path(__file__).parents[2] / "training"
CHALLENGES = load()


def test_there_is_a_set_for_each_way_of_being_misread() -> None:
    assert set(CHALLENGES) == {
        "ascii_turkish",
        "code_mix",
        "company_reply",
        "elongation",
        "emoji",
        "irony",
        "negation",
        "polite_complaint",
        "praise_with_but",
        "question",
    }


@pytest.mark.parametrize("category", CHALLENGES)
def test_a_set_is_large_enough_and_in_no_language_one_sided(category: str) -> None:
    items = CHALLENGES[category]
    assert len(items) >= 36

    labels = {(item.language, item.label) for item in items}
    languages = {"tr"} if category == "ascii_turkish" else {"tr", "en"}
    if category == "polite_complaint":
        assert labels == set(product(languages, {"negative"}))
    elif category == "company_reply":
        assert labels == set(product(languages, {"neutral"}))
    else:
        assert labels >= set(product(languages, {"negative", "positive"}))


def test_turkish_without_its_letters_is_ascii() -> None:
    assert [item.text for item in CHALLENGES["ascii_turkish"] if not item.text.isascii()] == []


def test_no_text_is_there_twice() -> None:
    counts = Counter(_folded([item.text for items in CHALLENGES.values() for item in items]))
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_text_is_trained_on() -> None:
    trained = set(_folded(list(_phrases()) + list(_sentences())))
    asked = _folded([item.text for items in CHALLENGES.values() for item in items])
    assert [text for text in asked if text in trained] == []


def _phrases() -> Iterator[str]:
    for phrases in yaml.safe_load((TRAINING / "phrases.yaml").read_text("utf-8")).values():
        for label in ("negative", "neutral", "positive"):
            for phrase, aspect in product(phrases[label], phrases["aspects"]):
                yield phrase.replace("{x}", aspect)


def _sentences() -> Iterator[str]:
    for file in TRAINING.glob("sentences/*.yaml"):
        yield from _leaves(yaml.safe_load(file.read_text("utf-8")))


def _leaves(node: Any) -> Iterator[str]:
    match node:
        case str():
            yield node
        case dict() | list():
            for child in node.values() if isinstance(node, dict) else node:
                yield from _leaves(child)


def _folded(texts: list[str]) -> list[str]:
    """Return the texts as the models see them, without the sign at their end."""
    return [text.strip(" .!?") for text in fold(texts).text.splitlines()]
