"""Paths, expressions and conditions of mappings; no document makes them fail."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.connectors.language.condition import Condition
from pipeline.connectors.language.expression import ExpressionError, Scope, Vocabulary, template
from pipeline.connectors.language.path import Path, PathError

ROOTS = ("body", "header", "connection", "scope")
VOCABULARY = Vocabulary(
    ROOTS, {"stars": {"ONE": 1, "TWO": 2}, "yes": {"true": True, "*": None}}, {"ticket": "known"}
)
BODY = {
    "id": 118790001123456789,
    "open": True,
    "name": "Ayşe",
    "empty": "",
    "hub.mode": "subscribe",
    "lines": [{"sku": "A", "n": 1}, {"sku": "B", "n": 2}, {"n": 3}, "x"],
    "answers": {"q1": 9, "q2": "geç geldi"},
    "stars": "TWO",
}


def scope(body: Any = BODY, **connection: Any) -> Scope:
    names = {
        "body": body,
        "header": {"x-topic": "orders/create"},
        "connection": {"known": {"7": "M-7"}, **connection},
        "scope": "shop",
    }
    return Scope(names, lambda kind, key: "M-8" if (kind, key) == ("ticket", "8") else None)


def value(text: str, where: Scope | None = None) -> Any:
    return template(text, VOCABULARY)[0](where or scope())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("body.name", "Ayşe"),
        ("body.id", 118790001123456789),
        ('body."hub.mode"', "subscribe"),
        ('body["hub.mode"]', "subscribe"),
        ("header.x-topic", "orders/create"),
        ("body.lines[0].sku", "A"),
        ("body.lines[-2].n", 3),
        ("body.lines[9].n", None),
        ("body.lines[sku=B].n", 2),
        ("body.lines[sku=C].n", None),
        ("body.lines[].sku", ["A", "B"]),
        ("body.answers{}.key", ["q1", "q2"]),
        ("body.name.first", None),
        ("body.none.deep[0]", None),
        ("body.lines.sku", None),
        ("body.answers[]", None),
    ],
)
def test_a_path_leads_to_what_is_there(path: str, expected: Any) -> None:
    assert Path(path, ROOTS).get(scope().names) == expected


@pytest.mark.parametrize("path", ["bodi.name", "body..name", "body[", "body.a b", "1body", ""])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(PathError, match="`"):
        Path(path, ROOTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web", "web"),
        ("{body.id}", 118790001123456789),
        ("{scope}:{body.id}", "shop:118790001123456789"),
        ("{scope}:{body.none}", None),
        ("{scope}:{body.empty}", None),
        ("{body.empty | rfc3339}", None),
        ("{{a}} {body.name}", "{a} Ayşe"),
        ("{body.stars | table(stars)}", 2),
        ("{body.open | table(yes)}", True),
        ("{body.name | table(stars)}", None),
        ("{body.none | table(yes)}", None),
        ("{body.name | lower}", "ayşe"),
        ("{body.name | at('x')}", None),
        ("{body | at(connection.field)}", "subscribe"),
        ("{body.answers{}.value | joined(' / ')}", "9 / geç geldi"),
        ("{body.lines[0].n | recall(ticket)}", None),
        ("{body.name | rfc2822?}", None),
        ("{body.name | rfc2822? | unix_s}", None),
        ("{body.name | local?('Europe/Istanbul')}", None),
        ("{body.name | lower? }", "ayşe"),
    ],
)
def test_a_text_has_the_value_of_its_expressions(text: str, expected: Any) -> None:
    assert value(text, scope(field='["hub.mode"]')) == expected


def test_a_value_that_cannot_be_read_is_refused_unless_it_may_be_wrong() -> None:
    with pytest.raises(ValueError, match="no time of an e-mail"):
        value("{body.name | rfc2822}")
    with pytest.raises(ValueError, match="no time"):
        value("{body.name | lower? | unix_s}")


def test_what_was_remembered_goes_before_what_the_connection_knows() -> None:
    assert value("{body.t | recall(ticket)}", scope({"t": 8})) == "M-8"
    assert value("{body.t | recall(ticket)}", scope({"t": "7"})) == "M-7"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{body.name | shout}", "no function `shout`"),
        ("{body.name | table(colours)}", "one of `tables`: stars, yes"),
        ("{body.name | recall(order)}", "one of `memories`: ticket"),
        ("{body.name | before}", "takes 1 arguments, it has 0"),
        ("{body.name", "does not close"),
        ("{nobody.name}", "begins with `nobody`"),
        ("{body.name lower}", "cannot be read from `lower`"),
        ("{body.name | before('a'}", "bracket that does not close"),
        ("{}", "does not begin with a path"),
    ],
)
def test_a_mistake_in_an_expression_is_told(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason.replace("(", r"\(")):
        template(text, VOCABULARY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('body.name == "Ayşe"', True),
        ('body.none == "Ayşe"', False),
        ("body.none == null", True),
        ("body.lines != null && body.none == null", True),
        ('body.name != null && body.name == "Ayşe"', True),
        ('body.name == "Ayşe" && body.name != null', True),
        ("body.open", True),
        ('body.stars in ["ONE", "TWO"]', True),
        ('body["hub.mode"].startsWith("sub")', True),
        ('header["x-topic"] == "orders/create"', True),
        ('body.lines.exists(line, line == "x")', True),
        ("size(body.lines) > 3", True),
        ('body.name == "body.name"', False),
        ("body.id == 118790001123456789", True),
    ],
)
def test_a_condition_reads_paths(text: str, expected: bool) -> None:
    assert Condition(text, ROOTS)(scope()) is expected


def test_a_condition_that_cannot_be_decided_says_so() -> None:
    with pytest.raises(ValueError, match=r"`body\.name > 3` cannot be decided"):
        Condition("body.name > 3", ROOTS)(scope())


@pytest.mark.parametrize("text", ["body.name ==", "nobody.x == 1", '"text"', "body.name +", "("])
def test_a_condition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="`"):
        Condition(text, ROOTS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
_DOCUMENTS = st.fixed_dictionaries({}, optional=dict.fromkeys(BODY, _JSON)) | _JSON
_TEXTS = (
    *("{body.lines[sku=B].n | number}", "{body.answers{}.value | joined}", "{body.lines[].sku}"),
    *("{body.id | epoch_s}", "{body.name | local('Europe/Istanbul')}", "{body.open | rfc3339}"),
    *("{body.name | pseudonym}", "{body.name | phone}", "{body.stars | table(stars)}"),
    *("{scope}:{body.name | digest}", "{body.lines | count}", "{body.name | parsed | at('a[0]')}"),
)


@given(_DOCUMENTS, st.sampled_from(_TEXTS))
def test_no_document_makes_an_expression_fail_otherwise_than_by_saying_why(
    body: Any, text: str
) -> None:
    with suppress(ValueError):
        value(text, scope(body, pseudonym_key="k"))


@given(_DOCUMENTS)
def test_no_document_makes_a_condition_fail_otherwise_than_by_saying_why(body: Any) -> None:
    condition = Condition('body.name == "a" || body.lines.size() > 2 && body.open', ROOTS)
    with suppress(ValueError):
        assert condition(scope(body)) in (True, False)


@pytest.mark.parametrize(
    "text", ["{scope}:{body.lines}", "{scope}:{body.answers}", "n-{body.open}"]
)
def test_no_id_is_made_of_what_is_no_text(text: str) -> None:
    with pytest.raises(ValueError, match="no text"):
        value(text)
