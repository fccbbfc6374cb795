"""Names of parts: which values a path stands for, and the first of several that leads somewhere."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.connectors.binding import Splitter
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.form import SourceForm
from pipeline.connectors.language.mapping_file import MappingSource
from pipeline.connectors.outcome import Draft

MAPPING = b"""
system: shop
title: {tr: D, en: S}
transports: [webhook]
things: [{each: {it: body}}]
"""
BODY = {
    "list": [{"n": 1}, None, {"n": 2}],
    "one": {"n": 3},
    "none": [],
    "orders": [{"lines": [{"n": 4}]}, {"lines": [{"n": 5}, {"n": 6}]}],
}


def parts(source: Any, body: Any = BODY) -> tuple[list[Any], Draft]:
    compiler = Compiler(MappingSource(Path("mapping.yaml"), MAPPING))
    draft = Draft()
    scope = Scope({"body": body, "connection": {}}, lambda kind, key: None)
    splitter = Splitter(
        {"it": msgspec.convert(source, str | tuple[str, ...] | SourceForm)}, compiler, "$.each"
    )
    return [part.names["it"] for part in splitter.parts(scope, draft)], draft


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("body.list[]", [{"n": 1}, {"n": 2}]),
        ("body.one[]", [{"n": 3}]),
        ("body.none[]", []),
        ("body.away[]", []),
        ("body.away", [None]),
        ("body.orders[].lines[]", [{"n": 4}, {"n": 5}, {"n": 6}]),
        ("body.orders[].lines[].n", [[4, 5, 6]]),
        ("body.one{}", [{"key": "n", "value": 3}]),
        ("body | item('list') []", [{"n": 1}, {"n": 2}]),
        (["body.away", "body.one"], [{"n": 3}]),
        (["body.none[]", "body.list[]"], [{"n": 1}, {"n": 2}]),
        (["body.away", "body.none[]"], []),
        (["body.away[]", "body.away"], [None]),
        ({"path": ["body.away", "body.one.n"], "missing": "no"}, [3]),
    ],
)
def test_a_name_stands_for_each_value_that_its_path_leads_to(
    source: Any, expected: list[Any]
) -> None:
    assert parts(source) == (expected, Draft())


def test_what_is_missing_is_refused() -> None:
    found, draft = parts({"path": ["body.none[]", "body.away"], "missing": "nobody is named"})

    assert found == []
    assert [invalid.detail for invalid in draft.refused] == ["nobody is named"]
