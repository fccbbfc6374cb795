"""The list of KPIs: complete in both languages, and what follows from it."""

import msgspec
import pytest

from pipeline.config.groups import ROOT
from pipeline.kpi.definitions import DEFINITIONS, DIMENSIONS, Definition
from pipeline.kpi.page import PAGE, with_table
from pipeline.store.sql import count_expressions

FORM_FACTS = ("kpi/journeys.py", "store/read_kpis.py")
"""Where what is not counted in SQL is counted, by name."""


def test_the_table_of_the_page_is_that_of_the_list() -> None:
    text = PAGE.read_text("utf-8")
    assert text == with_table(text), "run: make generated"


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.name)
def test_a_kpi_says_in_both_languages_what_it_is(definition: Definition) -> None:
    for said in (definition.title, definition.says):
        assert said.tr.strip()
        assert said.en.strip()
    assert definition.says.tr != definition.says.en
    assert {*definition.dimensions} <= {*DIMENSIONS}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_each_count_of_a_formula_is_formed_somewhere(definition: Definition) -> None:
    facts = "".join((ROOT / "pipeline" / path).read_text("utf-8") for path in FORM_FACTS)
    for count in definition.counts:
        assert count in count_expressions() or f'"{count}"' in facts


def test_a_title_is_of_one_kpi() -> None:
    for language in ("tr", "en"):
        titles = [definition.title.text(language) for definition in DEFINITIONS]
        assert len({*titles}) == len(titles)


def test_a_formula_has_as_many_counts_as_it_needs() -> None:
    row = {"name": "x", "title": {"tr": "x", "en": "x"}, "says": {"tr": "x", "en": "x"}}
    with pytest.raises(msgspec.ValidationError, match="x: a share needs 2 counts"):
        msgspec.convert({**row, "unit": "percent", "formula": {"share": ["texts"]}}, Definition)
