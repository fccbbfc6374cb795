"""Folds texts into one alphabet, so that all ways of typing a word look alike to models.

Letters are lower-cased and lose their marks, so that `ŞİKÂYET`, `şikayet` and `sikayet` are one
word (Turkish İ, I, ı and i are all `i`); combining marks, invisible characters and apostrophes go;
`çoooook` becomes `cok`; a link, a mention, masked personal data and an emoji are one capital letter
each. Every folded character is made from one original character, whose position is kept.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.text import lexicon

SEPARATOR: Final = 0x0A
"""Terminates every text in `Folded.codes` and occurs nowhere else."""

LINK, MENTION, PERSONAL = "L", "M", "X"


class Picture(msgspec.Struct, frozen=True):
    """Emoji and emoticons of one meaning: their folded `token` and their feeling."""

    token: str
    force: float
    emoji: str
    emoticons: list[str]
    anger: int = 0


PICTURES: Final = lexicon.load("tokens", dict[str, Picture])
_DROPPED, _SPACE = 0, 0x20


@dataclass(frozen=True)
class Batch:
    """Concatenated texts, as a string and as code points.

    Each text has a space before it, and a space and a line feed behind it; `starts` is where each
    begins, with the space before it.
    """

    text: str
    codes: NDArray[np.uint32]
    starts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each text with its separators."""
        return np.diff(self.starts, append=len(self.codes))

    def owners(self, places: ArrayLike) -> NDArray[np.int64]:
        """Return, for each position, the index of its text."""
        return np.searchsorted(self.starts, places, side="right") - 1


@dataclass(frozen=True)
class Folded(Batch):
    """A batch of folded texts, each terminated by `SEPARATOR`.

    `places` is, for each folded character, where the character that it is made from stands in
    `typed`, the same batch as it was typed.
    """

    typed: Batch
    places: NDArray[np.int64]

    def span(self, start: int, end: int) -> tuple[int, int, int]:
        """Return the text of `[start, end)`, and the original characters of the span."""
        owner = int(self.owners(start))
        first = self.typed.starts[owner] + 1
        return owner, int(self.places[start] - first), int(self.places[end - 1] - first) + 1


def fold(texts: Sequence[str]) -> Folded:
    """Fold a batch of any texts, even with lone surrogates."""
    typed, ends = _join(texts)
    codes = _FOLD.take(typed.codes)
    for match in _SPANS.finditer(typed.text):
        start, end = match.span()
        codes[start:end] = _DROPPED
        codes[start] = ord(_token_of(match[0]))
    codes[ends - 1] = SEPARATOR

    places = np.flatnonzero(codes != _DROPPED)
    codes = codes[places]
    kept = np.ones(len(codes), dtype=np.bool_)
    kept[_repetitions(codes)] = False
    codes, places = codes[kept], places[kept]
    starts = np.concatenate(([0], np.flatnonzero(codes == SEPARATOR) + 1))[: len(texts)]
    return Folded(_string(codes), codes, starts, typed, places)


def _join(texts: Sequence[str]) -> tuple[Batch, NDArray[np.int64]]:
    """Concatenate the texts, and return where each ends."""
    text = "".join([f" {text} \n" for text in texts])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + len("  \n")
    ends = np.cumsum(lengths)
    return Batch(text, codes, ends - lengths), ends


def _string(codes: NDArray[np.uint32]) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le")


def _repetitions(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return where the rest of three or more equal letters stands, of two spaces, of three signs.

    Equal digits are a number, and two equal letters or signs are as many.
    """
    same = np.zeros(len(codes) + 1, dtype=np.bool_)  # as the one before; false at both edges
    same[1:-1] = codes[1:] == codes[:-1]
    again = np.flatnonzero(same)
    code, before, after = codes[again], same[again - 1], same[again + 1]
    digit = (code >= ord("0")) & (code <= ord("9"))
    in_long_run = np.where(is_letter(code), before | after, before & ~digit)
    repetitions: NDArray[np.int64] = again[in_long_run | (code == _SPACE)]
    return repetitions


def is_plain(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark letters `a` to `z` and digits."""
    # Codes are unsigned: what is below the first of a range is far above its last.
    return (codes - ord("a") < 26) | (codes - ord("0") < 10)


def is_letter(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark the letters among folded codes; capitals stand for pictures and are none."""
    return ((codes >= ord("a")) & (codes <= ord("z"))) | (codes >= 0xC0)


def _folded(character: str) -> int:
    """Return the folded code of a character, or `_DROPPED`."""
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf", "Cs") or character in "'’‘`´ʼ":
        return _DROPPED
    if category[0] in "ZC":
        return _SPACE
    bare = "".join(
        part
        for part in unicodedata.normalize("NFKD", character).casefold()
        if unicodedata.category(part) != "Mn"
    )
    return ord({"ı": "i", "ß": "s", "ss": "s"}.get(bare, bare if len(bare) == 1 else character))


def _fold_table() -> NDArray[np.uint32]:
    table = np.arange(0x110000, dtype=np.uint32)
    # Scripts that have case or marks, full-width and mathematical letters; the rest stays itself.
    for block in (range(0x2E80), range(0xFE00, 0x10000), range(0x1D400, 0x1D800)):
        table[block.start : block.stop] = [_folded(chr(code)) for code in block]
    table[0xD800:0xE000] = _DROPPED
    table[0x1F3FB:0x1F400] = _DROPPED  # skin tones
    table[0xE0000:0xE1000] = _DROPPED  # tags and variation selectors
    for picture in PICTURES.values():
        for emoji in picture.emoji:
            table[ord(emoji)] = ord(picture.token)
    return table


_FOLD: Final = _fold_table()
_EMOTICONS: Final = {
    emoticon: picture.token for picture in PICTURES.values() for emoticon in picture.emoticons
}


def _behind_no_word(spelling: str) -> str:
    """Pattern of `spelling` with no letter before it, that begins with its first character.

    A search skips to where one of the patterns can begin only if all begin with a character.
    """
    first, rest = re.escape(spelling[0]), re.escape(spelling[1:])
    return rf"{first}(?<!\w{first}){rest}"


_SPANS: Final = re.compile(
    r"https?://\S+|www\.\S+|pic\.twitter\.com/\S+"
    r"|\[(?:MAIL|IBAN|CARD|TCKN|PHONE)\**\]"
    rf"|{_behind_no_word('@')}\w+|"
    + "|".join(
        rf"{_behind_no_word(emoticon)}(?!\w)"
        for emoticon in sorted(_EMOTICONS, key=len, reverse=True)
    )
)


def _token_of(span: str) -> str:
    return _EMOTICONS.get(span) or {"[": PERSONAL, "@": MENTION}.get(span[0], LINK)
