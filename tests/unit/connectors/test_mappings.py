"""Every mapping that ships is true to its fixtures, and reads nothing that none of them has."""

import re
from pathlib import Path

import pytest

from pipeline.connectors.mapping import Mapping
from pipeline.connectors.setup.book import MappingBook, load_mapping

FOLDER = Path(__file__).parents[3] / "connectors"


@pytest.mark.parametrize("system", MappingBook(FOLDER).systems)
def test_a_mapping_is_true_to_its_fixtures(system: str) -> None:
    assert isinstance(load_mapping(FOLDER / system), Mapping)


@pytest.mark.parametrize("system", MappingBook(FOLDER).systems)
def test_a_rating_that_is_not_known_is_not_lost(system: str) -> None:
    file = FOLDER / system / "mapping.yaml"
    form = Mapping(file, file.read_bytes()).form
    values = [event.score.value for thing in form.things for event in thing.events if event.score]
    for value in values:
        last = value[-1] if isinstance(value, tuple) else value
        for table in re.findall(r"table\((\w+)\)", str(last)):
            assert "*" in form.tables[table]
