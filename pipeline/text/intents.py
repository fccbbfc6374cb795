"""What authors say they will do: phrases of a lexicon, found in any way of typing them."""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Final

import yaml

from pipeline.reading import Intent
from pipeline.text.normalise import Folded, fold
from pipeline.text.phrases import Phrases, Words, words_of

_LEXICON: Final = yaml.safe_load(files("pipeline.text").joinpath("data/intents.yaml").read_bytes())


def find_intents(folded: Folded, words: Words) -> list[tuple[Intent, ...]]:
    """Return the intents of each text in order, with their spans in the text as given."""
    found: list[tuple[Intent, ...]] = [()] * len(folded.starts)
    for name, start, end in _PHRASES.find(words):
        text, first, last = folded.span(start, end)
        found[text] += (Intent(name, first, last),)
    return found


def cannot_wait(texts: Sequence[str]) -> list[bool]:
    """Say of each text whether it holds an urgent intent: much cheaper than to read it."""
    folded = fold(texts)
    urgent = [False] * len(texts)
    for _, start, _ in _URGENT.find(words_of(folded)):
        urgent[int(folded.owners(start))] = True
    return urgent


def _patterns() -> Iterator[tuple[str, str]]:
    parts: dict[str, str] = {}
    for name, part in _LEXICON["parts"].items():
        parts[name] = _fill(part, parts)
    for name, patterns in _LEXICON["intents"].items():
        for pattern in patterns:
            # Blanks as the lexicon says, but not in a look-behind, which needs a fixed width.
            loose = re.sub(
                r"(\(\?<![^)]*\))| ", lambda blank: blank[1] or "(?:[ ,]+)", _fill(pattern, parts)
            )
            yield name, rf"(?:{loose})(?![a-z0-9])"


def _fill(pattern: str, parts: dict[str, str]) -> str:
    return re.sub(r"\{([a-z_]+[a-z0-9_]*)\}", lambda name: parts[name[1]], pattern)


_PHRASES: Final = Phrases(_patterns())
_URGENT: Final = Phrases(one for one in _patterns() if one[0] in _LEXICON["urgent"])
