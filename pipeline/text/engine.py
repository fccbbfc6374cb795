"""What every scoring engine offers, and nothing that one of them happens to be."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.text.normalise import Folded

FloatArray = NDArray[np.float32]


class Engine(Protocol):
    """Gives polarity probabilities to texts. Pure, thread-safe, never raises on any text."""

    @property
    def name(self) -> str:
        """Short name, as in the settings, e.g. `fast`."""

    @property
    def version(self) -> str:
        """Changes whenever the same text could get another answer."""

    def probabilities(self, texts: Sequence[str], folded: Folded | None = None) -> FloatArray:
        """Return shape (len(texts), 3): columns in the order of `pipeline.reading.LABELS`.

        `folded` is the same texts folded, from a caller that has them so.
        """
