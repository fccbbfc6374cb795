"""A text is read the same on every kind of processor."""

import msgspec
import numpy as np
import pytest

from tests.unit.text.noted import ENGINES, NOTED, said

MOST = 0.005
"""Where sums of bytes saturate it is .025. Floats that are added up in another order leave .002 at
most: one of them may be rounded to the next of the 256 steps of an activation."""


@pytest.mark.parametrize("engine", ENGINES)
def test_this_processor_reads_as_the_one_did_on_which_it_was_noted(engine: str) -> None:
    noted = msgspec.json.decode(NOTED.read_bytes(), type=dict[str, list[list[float]]])
    assert np.abs(np.array(said(engine)) - noted[engine]).mean() < MOST
