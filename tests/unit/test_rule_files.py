"""What stands in the folder of rules is rules, or refused in words."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection.rule_file import LARGEST_FILE, RuleSource
from pipeline.detection.rules import RuleBook, RuleError, load_rules
from tests.support.rule_folders import RULE, fired, folder_of, message


def linked(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("a.yaml")


def aliases(folder: Path) -> None:
    """Write five lists, each of nine times the one before."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcd", "bcde", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    (folder / "a.yaml").write_text("\n".join(lines))


def written(content: str | bytes) -> Callable[[Path], None]:
    encoded = content.encode() if isinstance(content, str) else content

    def write(folder: Path) -> None:
        (folder / "a.yaml").write_bytes(encoded)

    return write


AGES = "\n      - ".join(["{type: visit, after: 9999d}"] * 400)
PIECES = (
    "!!float x",
    ".inf",
    "1e999",
    "0x" + "f" * 40,
    "- " * 20,
    "? ",
    "<<: {}",
    "2026-99-99",
    "|2",
)

GOOD = RULE.format(name="good", condition="event.has_text")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: (folder / "a.yaml").mkdir(), "is not a file"),
        (lambda folder: os.mkfifo(folder / "a.yaml"), "is not a file"),
        (lambda folder: (folder / "a.yaml").symlink_to("/dev/zero"), "is not a file"),
        (linked, "cannot be read: Too many levels"),
        (lambda folder: (folder / "a.yaml").symlink_to("b"), "cannot be read: No such file"),
        (lambda folder: folder.rmdir(), "cannot be read: No such file"),
        (written(b"#" * (LARGEST_FILE + 1)), "a rule has at most 65,536"),
        (aliases, r"a\.yaml:2: .*aliases"),
        (written("a: &a [*a]"), r"a\.yaml:1: .*aliases"),
        (written("[" * 20_000), "nested too deeply"),
        (written(GOOD.replace("tr: Konu", 'tr: "\\ud83d"')), "surrogate"),
        (written(GOOD.replace("{type: survey}", AGES)), "beyond the year 9999"),
        (written(GOOD.replace("weight: 0.5", "weight: .nan")), "weight: Expected"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_rule_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path)
    with pytest.raises(RuleError, match=reason):
        load_rules(tmp_path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_it_is_a_rule_or_refused_in_words(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 30)))
    piece = data.draw(st.one_of(st.text(max_size=12), st.sampled_from(PIECES)))
    with suppress(RuleError):
        RuleSource(Path("a.yaml"), (GOOD[:start] + piece + GOOD[end:]).encode(errors="replace"))


def test_rules_that_go_and_come_back_are_the_same_ones(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    book = RuleBook(folder_of(folder, good="event.has_text"))
    good = book.rules
    folder.rename(tmp_path / "away")
    assert "cannot be read" in str(book.reload())
    assert book.rules is good
    (tmp_path / "away").rename(folder)
    assert book.reload() is None
    assert book.rules is good
    assert book.refused is None


def test_who_only_shows_what_rules_say_does_without_until_there_are_good_ones(
    tmp_path: Path,
) -> None:
    folder_of(tmp_path, bad="1")
    book = RuleBook(tmp_path, demanded=False)
    assert "bad.yaml" in str(book.refused)
    assert fired(book.rules, message("e1")) == set()
    folder_of(tmp_path, bad="event.has_text")
    assert book.reload() is None
    assert fired(book.rules, message("e1")) == {"bad"}


def test_rules_that_were_refused_are_not_looked_at_again_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = RuleBook(folder_of(tmp_path, good="event.has_text"))
    folder_of(tmp_path, bad="1")
    refused = book.reload()
    assert refused is not None
    monkeypatch.setattr("pipeline.detection.rules._load", lambda _: pytest.fail("looked again"))
    assert book.reload() is refused
