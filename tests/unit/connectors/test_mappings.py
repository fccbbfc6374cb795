"""Every mapping that ships is true to its fixtures, and reads nothing that none of them has."""

from pathlib import Path

import pytest

from pipeline.connectors.mapping import Mapping
from pipeline.connectors.setup.book import MappingBook, load_mapping

FOLDER = Path(__file__).parents[3] / "connectors"


@pytest.mark.parametrize("system", MappingBook(FOLDER).systems)
def test_a_mapping_is_true_to_its_fixtures(system: str) -> None:
    assert isinstance(load_mapping(FOLDER / system), Mapping)
