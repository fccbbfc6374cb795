"""The list of KPIs: complete in both languages, and what follows from it."""

import msgspec
import pytest

from pipeline.config.groups import ROOT
from pipeline.kpi.definitions import DEFINITIONS, DIMENSIONS, Definition
from pipeline.kpi.table import in_page

PAGE = ROOT / "docs" / "kpis.md"


def test_the_table_of_the_page_is_that_of_the_list() -> None:
    text = PAGE.read_text("utf-8")
    assert text == in_page(text), "run: python -m pipeline.kpi"


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.name)
def test_a_kpi_says_in_both_languages_what_it_is(definition: Definition) -> None:
    for said in (definition.title, definition.says):
        assert said.tr.strip()
        assert said.en.strip()
    assert definition.says.tr != definition.says.en
    assert {*definition.dimensions} <= {*DIMENSIONS}


def test_a_title_is_of_one_kpi() -> None:
    for language in ("tr", "en"):
        titles = [definition.title.text(language) for definition in DEFINITIONS]
        assert len({*titles}) == len(titles)


def test_a_formula_has_as_many_counts_as_it_needs() -> None:
    row = {"name": "x", "title": {"tr": "x", "en": "x"}, "says": {"tr": "x", "en": "x"}}
    with pytest.raises(msgspec.ValidationError, match="x: a share needs 2 counts"):
        msgspec.convert({**row, "unit": "percent", "formula": {"share": ["texts"]}}, Definition)
