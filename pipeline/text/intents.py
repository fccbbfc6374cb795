"""What authors say they will do: phrases of a lexicon, found in any way of typing them."""

import re
from importlib.resources import files
from typing import Final

import numpy as np
import yaml

from pipeline.reading import Intent
from pipeline.text.normalise import Folded

_LEXICON: Final = yaml.safe_load(files("pipeline.text").joinpath("data/intents.yaml").read_bytes())


def find_intents(folded: Folded) -> list[tuple[Intent, ...]]:
    """Return the intents of each text in order, with their spans in the text as given."""
    found: list[list[Intent]] = [[] for _ in folded.starts]
    for match in _PATTERN.finditer(str(folded)):
        text = int(np.searchsorted(folded.starts, match.start(), side="right")) - 1
        start = int(folded.origins[match.start()])
        end = int(folded.origins[match.end() - 1]) + 1
        found[text].append(Intent(_NAMES[(match.lastindex or 0) - 1], start, end))
    return [tuple(of_text) for of_text in found]


def _compile() -> tuple[re.Pattern[str], list[str]]:
    """One pattern for all; the empty group that ends an alternative tells which one matched."""
    parts: dict[str, str] = {}
    for name, part in _LEXICON["parts"].items():
        parts[name] = _fill(part, parts)
    alternatives = [
        (name, f"(?:{_fill(pattern, parts)})()")
        for name, patterns in _LEXICON["intents"].items()
        for pattern in patterns
    ]
    whole = "|".join(pattern for _, pattern in alternatives)
    # Blanks as the lexicon says, but not in a look-behind, which needs a fixed width.
    whole = re.sub(r"(\(\?<![^)]*\))| ", lambda blank: blank[1] or "(?:[ ,]+)", whole)
    return re.compile(rf"(?<![a-z0-9])(?:{whole})(?![a-z0-9])"), [name for name, _ in alternatives]


def _fill(pattern: str, parts: dict[str, str]) -> str:
    return re.sub(r"\{([a-z_]+[a-z0-9_]*)\}", lambda name: parts[name[1]], pattern)


_PATTERN, _NAMES = _compile()
