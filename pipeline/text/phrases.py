"""Finds the phrases of a lexicon in a batch.

A phrase is a regular expression over the folded text that begins where a word begins. The first
four letters of all words are looked up in one step, and a phrase is tried only where a word begins
as it does: a lexicon of a hundred phrases costs no more than one of ten.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property

# Only the library's own parser is certain to read a pattern as the library does.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.text.normalise import Folded, is_plain

_LETTERS: Final = 4
_BITS: Final = 5  # of each letter, as many as tell `a` to `z` apart
_DIGIT: Final = 27
"""The code of all digits: a number begins a phrase whatever its digits are."""
_CODES: Final = np.array(
    [_DIGIT if chr(c).isdigit() else c - 96 if chr(c).islower() else 0 for c in range(128)],
    np.uint32,
)
"""The codes of ASCII characters: 1 to 26 of `a` to `z`, 0 of what is neither letter nor digit."""


class Words(NamedTuple):
    """Starts of the words of a folded batch, and the packed first letters (head) of each."""

    text: str
    places: NDArray[np.int64]
    heads: NDArray[np.uint32]

    def of(self, chosen: NDArray[np.bool_]) -> "Words":
        """Return only the chosen words, given a flag for each."""
        return Words(self.text, self.places[chosen], self.heads[chosen])


def words_of(folded: Folded) -> Words:
    """Return the words: runs of `a` to `z` and of digits."""
    plain = is_plain(folded.codes)
    places = np.flatnonzero(plain[1:] & ~plain[:-1]) + 1  # every text begins with a space
    heads = np.zeros(len(places), np.uint32)
    for letter in range(_LETTERS):
        characters = folded.codes.take(places + letter, mode="clip")
        heads = heads << np.uint32(_BITS) | _CODES.take(characters, mode="clip")
    return Words(folded.text, places, heads)


def patterns(
    lexicon: Mapping[str, Iterable[str]], parts: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the name and pattern of each phrase, written as in `data/intents.yaml`.

    A blank stands for blanks and commas, `{name}` for one of the `parts`, which may hold parts
    before them; a match ends where a word does. Raises KeyError where a part is missing.
    """
    filled: dict[str, str] = {}
    for name, part in parts.items():
        filled[name] = _fill(part, filled)
    for name, phrases in lexicon.items():
        for phrase in phrases:
            # Not in a look-behind, which needs a fixed width.
            loose = re.sub(
                r"(\(\?<![^)]*\))| ", lambda blank: blank[1] or "(?:[ ,]+)", _fill(phrase, filled)
            )
            yield name, rf"(?:{loose})(?![a-z0-9])"


def anywhere(phrases: Iterable[str], parts: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return the pattern that finds one of the phrases wherever it stands; None without any."""
    one_of = where_words_begin(phrases, parts)
    return re.compile("|".join(one_of)) if one_of else None


def where_words_begin(phrases: Iterable[str], parts: Mapping[str, str]) -> list[str]:
    """Return a pattern of each phrase that holds only where a word begins."""
    return [rf"(?<![a-z0-9]){pattern}" for _, pattern in patterns({"": phrases}, parts)]


def _fill(phrase: str, parts: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+[a-z0-9_]*)\}", lambda name: parts[name[1]], phrase)


class _Phrase:
    """A named pattern, compiled when a word first begins like it: most are not for a while."""

    def __init__(self, name: str, pattern: str) -> None:
        self.name = name
        self._pattern = pattern

    @cached_property
    def match(self) -> Callable[[str, int], re.Match[str] | None]:
        return re.compile(self._pattern).match


class Phrases:
    """A lexicon of names and patterns; of two that begin together the first counts."""

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        """Read the patterns; each must begin with a letter from `a` to `z` or a digit.

        Raises re.error for one that cannot be read.
        """
        self._phrases: dict[int, list[_Phrase]] = defaultdict(list)
        for name, pattern in patterns:
            phrase = _Phrase(name, pattern)
            for head in _heads(pattern):
                self._phrases[head].append(phrase)
        self._is_head = np.zeros(1 << (_BITS * _LETTERS), dtype=np.bool_)
        self._is_head[list(self._phrases)] = True

    @property
    def names(self) -> set[str]:
        """The names that phrases of the lexicon have."""
        return {phrase.name for phrases in self._phrases.values() for phrase in phrases}

    def find(self, words: Words, *, overlapping: bool = False) -> Iterator[tuple[str, int, int]]:
        """Yield (name, start, end) in order, places of the folded batch, one a place at most.

        Unless they may be `overlapping`, no match begins before the one before it has ended.
        """
        end = 0
        for place, head in self._candidates(words):
            if place < end and not overlapping:
                continue
            for phrase in self._phrases[head]:
                if match := phrase.match(words.text, place):
                    end = match.end()
                    yield phrase.name, place, end
                    break

    def find_all(self, words: Words) -> Iterator[tuple[str, int, int]]:
        """Yield (name, start, end) of every match, several a place."""
        for place, head in self._candidates(words):
            for phrase in self._phrases[head]:
                if match := phrase.match(words.text, place):
                    yield phrase.name, place, match.end()

    def _candidates(self, words: Words) -> Iterable[tuple[int, int]]:
        """Return the place and head of each word with which a phrase can begin."""
        hits = np.flatnonzero(self._is_head[words.heads])
        return zip(words.places[hits].tolist(), words.heads[hits].tolist(), strict=True)


@cache  # lexicons share phrases
def _heads(pattern: str) -> frozenset[int]:
    """Return the heads of all words that can begin a match of `pattern`."""
    heads: set[int] = set()
    for letters in _beginnings(_parser.parse(pattern), _LETTERS):
        head, missing = 0, _LETTERS - len(letters)
        for letter in letters:
            head = head << _BITS | letter
        # Where a match can be shorter than a head, anything may follow it.
        heads.update(range(head << _BITS * missing, (head + 1) << _BITS * missing))
    return frozenset(heads)


_Letters = tuple[int, ...]


def _beginnings(parsed: Iterable[tuple[Any, Any]], most: int) -> set[_Letters]:
    """Return the possible first `most` letters of matches of a parsed pattern."""
    found: set[_Letters] = {()}
    for operator, argument in parsed:
        missing = most - min(map(len, found))
        if not missing:
            break
        found = _followed_by(_choices(operator, argument, missing), found, most)
    return found


def _followed_by(tails: set[_Letters], heads: set[_Letters], most: int) -> set[_Letters]:
    found = {head for head in heads if len(head) == most}
    shorter = heads - found
    for length in {len(head) for head in shorter}:
        ends = {tail[: most - length] for tail in tails}  # few, of very many tails
        found |= {head + end for head in shorter if len(head) == length for end in ends}
    return found


def _choices(operator: Any, argument: Any, most: int) -> set[_Letters]:
    match operator:
        case sre.LITERAL:
            return {(_code(argument),)}
        case sre.IN:
            return {(letter,) for kind, value in argument for letter in _letters(kind, value)}
        case sre.BRANCH:
            return set().union(*(_beginnings(branch, most) for branch in argument[1]))
        case sre.SUBPATTERN:
            return _beginnings(argument[-1], most)
        case sre.MAX_REPEAT | sre.MIN_REPEAT:
            least, limit, repeated = argument
            once = _beginnings(repeated, most)
            times: list[set[_Letters]] = [{()}]
            for _ in range(min(limit, least + most)):
                times.append(_followed_by(once, times[-1], most))
            return set().union(*times[least:])
        case sre.ASSERT | sre.ASSERT_NOT | sre.AT:
            return {()}
        case sre.ANY | sre.NOT_LITERAL:
            return {(letter,) for letter in range(_DIGIT + 1)}
    raise ValueError(f"A phrase cannot begin with {operator}: write it in another way.")


def _letters(kind: Any, value: Any) -> Iterable[int]:
    match kind:
        case sre.LITERAL:
            return (_code(value),)
        case sre.RANGE:
            return map(_code, range(value[0], value[1] + 1))
    return range(_DIGIT + 1)


def _code(character: int) -> int:
    return int(_CODES[min(character, len(_CODES) - 1)])


class Matches:
    """What lexicons find in a batch: each is sought once, however many ask."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._found: dict[tuple[Phrases, bool], list[tuple[str, int, int]]] = {}

    def of(self, phrases: Phrases, *, overlapping: bool = False) -> list[tuple[str, int, int]]:
        """Return (name, start, end) in order; see `Phrases.find`."""
        key = phrases, overlapping
        if key not in self._found:
            self._found[key] = list(phrases.find(self.words, overlapping=overlapping))
        return self._found[key]
