"""Text as the models and lexicons see it: one alphabet for all ways of typing the same word.

Letters are lower-cased and lose their marks, so that `ŞİKÂYET`, `şikayet` and `sikayet` are one
word (Turkish İ, I, ı and i are all `i`); combining marks, invisible characters and apostrophes go;
`çoooook` becomes `cok`; a link, a mention, masked personal data and an emoji are one capital letter
each. Every folded character is made from one original character, whose position is kept.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

SEPARATOR: Final = 0x0A
"""Ends every text in `Folded.codes`, and is nowhere else in it."""

LINK, MENTION, PERSONAL = "L", "M", "X"


class Picture(msgspec.Struct, frozen=True):
    """Emoji and emoticons of one meaning: their `token` when folded, their share of intensity."""

    token: str
    force: float
    emoji: str
    emoticons: list[str]


PICTURES: Final = msgspec.yaml.decode(
    files("pipeline.text").joinpath("data/tokens.yaml").read_bytes(), type=dict[str, Picture]
)
_DROPPED, _SPACE = 0, 0x20


@dataclass(frozen=True)
class Folded:
    """A batch of folded texts, end to end.

    `codes` are code points: a space, the text, a space and `SEPARATOR` for each text. `starts` is
    where each text's part begins in `codes`. `origins` is, for each code, the position of its
    character in its own text (outside of it for what was added around the text).
    """

    codes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    origins: NDArray[np.int64]

    def __str__(self) -> str:
        return self.codes.astype("<u4").tobytes().decode("utf-32-le")


def normalise(text: str) -> str:
    """Return `text` folded, without space around it."""
    return str(fold([text])).strip()


def fold(texts: Sequence[str]) -> Folded:
    """Fold a batch. Any text will do, even one with lone surrogates."""
    joined = "".join([f" {text} \n" for text in texts])
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 3)
    codes = _FOLD[raw]
    for match in _SPANS.finditer(joined):
        start, end = match.span()
        codes[start] = ord(_token_of(match))
        codes[start + 1 : end] = _DROPPED
    codes[ends - 1] = SEPARATOR

    kept = np.flatnonzero(codes != _DROPPED)
    kept = kept[~_is_repetition(codes[kept])]
    codes = codes[kept]
    separators = np.flatnonzero(codes == SEPARATOR)
    starts = np.concatenate(([0], separators[:-1] + 1)) if len(texts) else separators
    first_characters = ends - np.diff(ends, prepend=0) + 1
    origins = kept - np.repeat(first_characters, np.diff(separators, prepend=-1))
    return Folded(codes, starts, origins)


def _is_repetition(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark the rest of three or more equal letters, of two spaces, of three other signs."""
    same = np.zeros(len(codes) + 2, dtype=np.bool_)
    same[1 : len(codes)] = codes[1:] == codes[:-1]
    again, before, after = same[:-2], np.concatenate(([False], same[:-3])), same[1:-1]
    digit = (codes >= ord("0")) & (codes <= ord("9"))
    letter = is_letter(codes)
    in_long_run = np.where(letter, before | after, before & ~digit)
    repeated: NDArray[np.bool_] = again & (in_long_run | (codes == _SPACE))
    return repeated


def is_letter(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark the letters among folded codes; capitals stand for pictures and are none."""
    return ((codes >= ord("a")) & (codes <= ord("z"))) | (codes >= 0xC0)


def _folded(character: str) -> int:
    """Return the code that one character becomes; `_DROPPED` for none."""
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
_SPANS: Final = re.compile(
    r"(?P<L>https?://\S+|www\.\S+|pic\.twitter\.com/\S+)"
    r"|(?P<X>\[(?:MAIL|IBAN|CARD|TCKN|PHONE)\**\])"
    r"|(?<!\w)(?P<M>@\w+)"
    rf"|(?<!\w)(?:{'|'.join(sorted(map(re.escape, _EMOTICONS), key=len, reverse=True))})(?!\w)"
)


def _token_of(match: re.Match[str]) -> str:
    return match.lastgroup or _EMOTICONS[match[0]]
