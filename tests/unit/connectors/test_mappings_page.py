"""docs/connectors/mappings.md: its example works, and it has every function."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from pipeline.config.groups import ROOT
from pipeline.connectors.language.functions import FUNCTIONS
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.recorded import Recorded
from pipeline.connectors.trial import Trial, tried

PAGE = (ROOT / "docs" / "connectors" / "mappings.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("## An example")[2].partition("\n## ")[0]
MAPPING = Mapping(Path("mapping.yaml"), re.findall(r"```yaml\n(.*?)```", EXAMPLE, re.S)[0].encode())
PAYLOAD, EVENT = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", EXAMPLE, re.S))


def tried_with(**changes: object) -> Trial:
    recorded = Recorded("masa", body={**PAYLOAD, **changes}, connection={"auth": "none"})
    return tried(recorded, MAPPING, datetime(2026, 12, 3, 9, tzinfo=UTC))


def test_the_example_leads_to_its_event() -> None:
    assert tried_with().events == (EVENT,)


def test_the_example_does_with_others_what_the_page_says() -> None:
    assert tried_with(event="tag_added").reason == "no_change_for_customers"
    assert tried_with(event="moved").reason == "unmapped: moved"
    assert tried_with(event=None).reason == "missing_field"


def test_every_function_is_described() -> None:
    table = PAGE.partition("## Functions")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.M)
    assert {name for cell in cells for name in re.findall(r"`(\w+)", cell)} == set(FUNCTIONS)
