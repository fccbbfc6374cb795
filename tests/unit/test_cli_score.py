"""The commands that read texts: `score` and `explain`."""

import json

import pytest

from tests.support.command_runs import Nabiz


def test_score_keeps_order_and_what_else_a_line_holds(nabiz: Nabiz) -> None:
    lines = [
        b'{"id": 1, "text": "berbat, bir daha asla almam"}',
        b"",
        b'{"text": "great, thank you!", "language": "en-GB", "id": 2}',
        b'{"id": 3, "text": ""}',
    ]
    ran = nabiz("score", stdin=b"\n".join(lines))
    assert (ran.code, ran.err) == (0, "")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [(row["id"], row["label"], row["language"]) for row in rows[:2]] == [
        (1, "negative", "tr"),
        (2, "positive", "en"),
    ]
    assert rows[2]["label"] == "neutral"
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["engine"] in ("fast", "strong")
        assert row["version"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_score_reads_files_with_a_byte_order_mark(nabiz: Nabiz, encoding: str) -> None:
    lines = '{"text": "çok kötü"}\r\n{"text": "harika Ċ"}'
    ran = nabiz("score", "--engine", "fast", stdin=lines.encode(encoding))
    assert (ran.code, ran.err) == (0, "")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["text"] for row in rows] == ["çok kötü", "harika Ċ"]


def test_score_reads_half_an_emoji(nabiz: Nabiz) -> None:
    ran = nabiz("score", "--engine", "fast", stdin=b'{"text": "k\\u00f6t\\u00fc \\ud83d"}')
    assert (ran.code, json.loads(ran.out)["text"]) == (0, "kötü \ufffd")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"text"', "is not JSON"),
        (b"\xff", "is not UTF-8"),
        (b'"text"', 'expected an object with a string "text"'),
        (b'{"text": 5}', 'expected an object with a string "text"'),
        (b'{"text": "a", "language": 5}', '"language" must be a string'),
    ],
)
def test_score_names_the_line_that_is_wrong(nabiz: Nabiz, line: bytes, words: str) -> None:
    ran = nabiz("score", stdin=b'{"text": "iyi"}\n\n' + line)
    assert ran.code == 2
    assert "line 3" in ran.err
    assert words in ran.err


def test_an_engine_that_is_missing_is_a_sentence(nabiz: Nabiz) -> None:
    ran = nabiz("score", "--engine", "hf", stdin=b'{"text": "iyi"}')
    assert ran.code == 2
    assert "needs a model" in ran.err


def test_explain_says_which_words_and_which_rules(nabiz: Nabiz) -> None:
    text = "kargo berbat, şikayetvar'a yazacağım"
    ran = nabiz("explain", text, "--engine", "fast", "--json")
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    parts = answer["explanation"]["parts"]
    weights = {text[part["start"] : part["end"]]: part["weight"] for part in parts}
    assert weights["berbat,"] > max(0, weights["kargo"])
    assert "threat_to_escalate" in {rule["rule"] for rule in answer["rules"]}
    page = nabiz("explain", text, "--engine", "fast").out
    for words in ("negative", "şikayetvar'a yazacağım", "delivery", "threat_to_escalate"):
        assert words in page


def test_explain_quotes_turns_of_phrase_with_the_label_they_speak_for(nabiz: Nabiz) -> None:
    text = "Ben hiçbir sorun yaşamadım"
    (cue,) = json.loads(nabiz("explain", text, "--engine", "fast", "--json").out)["explanation"][
        "cues"
    ]
    assert (cue["name"], cue["label"]) == ("denies_fault", "positive")
    assert text[cue["start"] : cue["end"]] == "sorun yaşamadım"
    assert "denies_fault" in nabiz("explain", text, "--engine", "fast").out


def test_explain_shows_nothing_personal_and_nothing_that_a_terminal_obeys(nabiz: Nabiz) -> None:
    ran = nabiz("explain", "ara beni 0532 123 45 67 \x1b]0;sahte\x07 \x1b[2J", "--engine", "fast")
    assert ran.code == 0
    assert "0532" not in ran.out
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out
