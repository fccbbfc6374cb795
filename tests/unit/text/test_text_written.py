"""Texts written for training and evaluation: how they are read, and what is wrong with them."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.texts.agreement import agreements
from training.texts.corpus import Mark, Written, corpus, escaped, names, read
from training.texts.variety import near_pairs, variety

HEADING = "@ tr telco slang\n"
LINE = (
    "neg a2 u2:outage,money rude vulnerable | [net yok](complaint,network_outage-), [bitti](churn)"
)


def lines(folder: Path, *content: str) -> Path:
    path = folder / "tr_some.txt"
    path.write_text(HEADING + "\n".join(content) + "\n", "utf-8")
    return path


def one(folder: Path, line: str) -> Written:
    (text,), flaws = read([lines(folder, line)])
    assert flaws == []
    return text


def test_a_line_says_what_its_text_shows_and_where(tmp_path: Path) -> None:
    text = one(tmp_path, LINE)
    assert text.text == "net yok, bitti"
    assert (text.language, text.sector, text.style) == ("tr", "telco", "slang")
    assert (text.label, text.anger, text.urgency) == ("negative", 2, 2)
    assert text.reasons == ("outage", "money")
    assert (text.manner, text.author, text.vulnerable, text.irony) == (
        "rude",
        "customer",
        True,
        False,
    )
    assert text.marks == (
        Mark("complaint", None, 0, 7),
        Mark("network_outage", "negative", 0, 7),
        Mark("churn", None, 9, 14),
    )


def test_an_indented_line_is_the_next_turn_of_the_conversation(tmp_path: Path) -> None:
    path = lines(tmp_path, "neu | fatura?", "  agent | Buyurun", "neu | başkası")
    assert [text.talk for text in read([path])[0]] == [1, 1, 2]


def test_brackets_and_line_breaks_are_written_behind_a_backslash(tmp_path: Path) -> None:
    assert one(tmp_path, r"neu | \[Bot\] iyi\ngünler").text == "[Bot] iyi\ngünler"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), min_size=1))
def test_every_text_can_be_written(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    wanted = text.replace("\\", "").strip()
    assume(wanted)
    folder = tmp_path_factory.mktemp("texts")
    assert one(folder, f"neu | {escaped(wanted)}").text == wanted


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("good | x", "not the labels"),
        ("neg neg | x", "not the labels"),
        ("a1 | x", "not the labels"),
        ("neg x", "not the labels"),
        ("neg u2:weather | x", "no such reason: weather"),
        ("pos a1 | x", "angry and pleased"),
        ("pos agent | x", "turns of a company are neu"),
        ("neg | [x](billing)", "billing lacks - = +"),
        ("neg | [x](sadness)", "no mark sadness"),
        ("neg | [x](apology)", "no mark of a text by: customer"),
        ("neu agent | [x](churn)", "no mark of a text by: agent"),
        ("neg | [x [y](churn)](legal)", "marks within marks"),
        ("neg | [x]", "a bracket without marks"),
    ],
)
def test_a_line_in_another_form_is_named_and_its_neighbours_are_read(
    tmp_path: Path, line: str, what: str
) -> None:
    texts, flaws = read([lines(tmp_path, "pos | önce", line, "pos | sonra")])
    assert [text.text for text in texts] == ["önce", "sonra"]
    assert [flaw.line for flaw in flaws] == [3]
    assert what in str(flaws[0])


def test_all_texts_for_training_are_in_form() -> None:
    texts, flaws = read(corpus())
    assert [str(flaw) for flaw in flaws] == []
    assert {text.language for text in texts} == {"tr", "en"}
    assert {text.sector for text in texts} == set(names().sectors)


def test_texts_are_near_whatever_their_case_and_marks() -> None:
    left = ["KARGOM ÜÇ GÜNDÜR GELMEDİ!!!", "Faturam neden bu kadar yüksek geldi?"]
    right = ["kargom uc gundur gelmedi", "Faturamı nereden ödeyebilirim acaba?"]
    assert [(pair.left, pair.right) for pair in near_pairs(left, right)] == [(0, 0)]


def test_variety_counts_openings_and_repeats() -> None:
    seen = variety(
        ["Merhaba ben Ali, net yok", "Merhaba ben Ali, NET YOK!", "Hiç beğenmedim bunu ya"]
    )
    assert (seen.texts, seen.near, seen.openings) == (3, 1, 2 / 3)
    assert seen.common[0] == ("merhaba ben ali", 2)


def test_readers_who_agree_have_a_kappa_of_one_and_who_differ_less(tmp_path: Path) -> None:
    first, _ = read([lines(tmp_path, LINE, "pos | [iyi](praise)", "neu | fatura?")])
    second, _ = read([lines(tmp_path, LINE, "neu | iyi", "neu | fatura?")])
    assert {it.kappa for it in agreements(first, first)} == {1.0}
    found = {it.label: it for it in agreements(first, second)}
    assert found["churn"].kappa == 1
    assert found["polarity"].share == 2 / 3
    assert found["praise"].kappa == 0
    with pytest.raises(ValueError, match="not of the same texts"):
        agreements(first, second[:2])
