"""Reads labelled texts; GUIDE.md says how they are written."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from pipeline.model.reading import Label
from pipeline.text.intents import ACTS, INTENTS
from pipeline.text.topics import TAXONOMY

Author = Literal["customer", "agent", "bot"]
Manner = Literal["rude", "plain", "polite"]

_POLARITIES: Final[dict[str, Label]] = {"neg": "negative", "neu": "neutral", "pos": "positive"}
_SIGNS: Final[dict[str, Label]] = {"-": "negative", "=": "neutral", "+": "positive"}
_LABEL: Final = re.compile(
    r"(?P<polarity>neg|neu|pos)|a(?P<anger>[123])"
    r"|u(?P<urgency>[123])(?::(?P<reasons>[a-z_]+(?:,[a-z_]+)*))?"
    r"|(?P<irony>irony)|(?P<manner>rude|polite)|(?P<author>agent|bot)|(?P<vulnerable>vulnerable)"
)
_RUN: Final = re.compile(r"(?<!\\)\[((?:\\.|[^\[\]\\])+)\]\(([a-z_]+[-=+]?(?:,[a-z_]+[-=+]?)*)\)")
_ESCAPES: Final = re.compile(r"\\([n\[\]\\])")
_BRACKET: Final = re.compile(r"(?<!\\)[\[\]]")


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of `labels.yaml`, and those of the lexicons."""

    sectors: tuple[str, ...]
    styles: tuple[str, ...]
    reasons: tuple[str, ...]
    others: tuple[str, ...]
    intents: tuple[str, ...] = tuple(sorted(INTENTS))
    acts: tuple[str, ...] = (*sorted(ACTS.names), "promise")
    topics: tuple[str, ...] = tuple(TAXONOMY.topics)


class Mark(NamedTuple):
    """What `[start, end)` of a text shows: a `name`, and of a topic its polarity."""

    name: str
    label: Label | None
    start: int
    end: int


@dataclass(frozen=True)
class Written:
    """A text and its labels. Texts of one `talk` are turns of one conversation, in order."""

    text: str
    language: str
    sector: str
    style: str
    talk: int
    label: Label
    anger: int
    urgency: int
    reasons: tuple[str, ...]
    irony: bool
    manner: Manner
    author: Author
    vulnerable: bool
    marks: tuple[Mark, ...]

    def named(self, names: Iterable[str]) -> set[str]:
        """Return which of the names the marks of the text have."""
        return {mark.name for mark in self.marks}.intersection(names)


class Flaw(NamedTuple):
    """What is wrong in a line."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        """Return the flaw as a compiler would say it."""
        return f"{self.path.name}:{self.line}: {self.what}"


@cache
def names() -> Names:
    """Return the names that labels may have."""
    content = files("training.texts").joinpath("labels.yaml").read_bytes()
    return msgspec.yaml.decode(content, type=Names, strict=False)


def corpus() -> list[Path]:
    """Return the files of the texts for training."""
    return sorted(Path(str(files("training.texts"))).glob("*_*.txt"))


def read(paths: Iterable[Path]) -> tuple[list[Written], list[Flaw]]:
    """Return the texts of files, and what is wrong with the lines that are left out."""
    texts: list[Written] = []
    flaws: list[Flaw] = []
    for path in paths:
        talk = texts[-1].talk if texts else 0
        for number, found in _lines(path, talk):
            if isinstance(found, str):
                flaws.append(Flaw(path, number, found))
            else:
                texts.append(found)
    return texts, flaws


def _lines(path: Path, talk: int) -> Iterator[tuple[int, Written | str]]:
    """Yield each line's number with its text, or with what is wrong with it."""
    heading: tuple[str, str, str] | None = None
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            heading = _heading(line)
            if heading is None:
                yield number, f"`{line}` is not `@ LANGUAGE SECTOR STYLE`"
            continue
        if not line.startswith("  "):
            talk += 1
        if heading:
            yield number, _text(line.strip(), heading, talk)
        else:
            yield number, "no `@` line stands above"


def _heading(line: str) -> tuple[str, str, str] | None:
    known = names()
    match line.split():
        case ["@", "tr" | "en" as language, sector, style] if (
            sector in known.sectors and style in known.styles
        ):
            return language, sector, style
    return None


def _text(line: str, heading: tuple[str, str, str], talk: int) -> Written | str:
    """Return the text of a line, or what is wrong with it."""
    before, bar, after = line.partition(" | ")
    labels = _labels(before.split())
    if not bar or labels is None:
        return f"`{before[:60]}` are not the labels of a text, followed by ` | `"
    author: Author = labels.get("author", "customer")  # type: ignore[assignment]
    unmarked = _marked(after.strip(), author)
    if isinstance(unmarked, str):
        return unmarked
    reasons = tuple(labels["reasons"].split(",")) if "reasons" in labels else ()
    if unknown := sorted(set(reasons) - set(names().reasons)):
        return f"no such reason: {', '.join(unknown)}"
    if "anger" in labels and labels["polarity"] == "pos":
        return "nobody is angry and pleased"
    if author != "customer" and labels["polarity"] != "neu":
        return "turns of a company are neu"
    text, marks = unmarked
    return Written(
        text,
        *heading,
        talk,
        label=_POLARITIES[labels["polarity"]],
        anger=int(labels.get("anger", 0)),
        urgency=int(labels.get("urgency", 0)),
        reasons=reasons,
        irony="irony" in labels,
        manner=labels.get("manner", "plain"),  # type: ignore[arg-type]
        author=author,
        vulnerable="vulnerable" in labels,
        marks=marks,
    )


def _labels(tokens: list[str]) -> dict[str, str] | None:
    """Return labels by kind; None for one that is unknown or twice there, or without polarity.

    Turns of a company are neutral.
    """
    labels: dict[str, str] = {}
    for token in tokens:
        found = _LABEL.fullmatch(token)
        its = {kind: value for kind, value in found.groupdict().items() if value} if found else {}
        if not its or its.keys() & labels.keys():
            return None
        labels |= its
    if "author" in labels:
        labels.setdefault("polarity", "neu")
    return labels if "polarity" in labels else None


def _marked(written: str, author: Author) -> tuple[str, tuple[Mark, ...]] | str:
    """Return the text without its marks, and these; or what is wrong with them."""
    parts: list[str] = []
    marks: list[Mark] = []
    length, done = 0, 0
    for run in _RUN.finditer(written):
        before, words = written[done : run.start()], _plain(run[1])
        if _BRACKET.search(before):
            break
        start = length + len(_plain(before))
        length, done = start + len(words), run.end()
        parts += _plain(before), words
        for name in run[2].split(","):
            mark = _mark(name, start, length, author)
            if isinstance(mark, str):
                return mark
            marks.append(mark)
    if found := _BRACKET.search(written, done):
        return f"a bracket without marks, or marks within marks: `{written[found.start() :][:40]}`"
    return "".join((*parts, _plain(written[done:]))), tuple(marks)


def _mark(name: str, start: int, end: int, author: Author) -> Mark | str:
    known, bare = names(), name.rstrip("-=+")
    if bare in known.topics:
        return Mark(bare, _SIGNS[name[-1]], start, end) if bare != name else f"{name} lacks - = +"
    if name in known.others or name in (known.intents if author == "customer" else known.acts):
        return Mark(name, None, start, end)
    if name in known.intents + known.acts:
        return f"{name} is no mark of a text by: {author}"
    return f"there is no mark {name}"


def escaped(text: str) -> str:
    """Return a text as it is written in a file, without marks."""
    return re.sub(r"[\[\]]", r"\\\g<0>", text).replace("\n", "\\n")


def _plain(written: str) -> str:
    return _ESCAPES.sub(lambda found: "\n" if found[1] == "n" else found[1], written)
