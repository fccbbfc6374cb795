"""How far two readers of the same texts agree."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sklearn.metrics import cohen_kappa_score

from training.texts.corpus import Written, names


class Agreement(NamedTuple):
    """Cohen's kappa (1960) of a label, weighted by the square of the distance for levels.

    `share` of the texts have the same value; `texts` have one but the usual by either reader.
    """

    label: str
    kappa: float
    share: float
    texts: int


def agreements(first: Sequence[Written], second: Sequence[Written]) -> list[Agreement]:
    """Compare two readings of texts. Raises ValueError where the texts differ."""
    if [one.text for one in first] != [one.text for one in second]:
        raise ValueError("The two files are not of the same texts in the same order.")
    return [
        Agreement(
            label,
            float(cohen_kappa_score(one, two, weights="quadratic" if is_level else None)),
            sum(a == b for a, b in zip(one, two, strict=True)) / len(one),
            sum(bool(a or b) for a, b in zip(one, two, strict=True)),
        )
        for label, value, is_level in _labels()
        if any((one := [value(text) for text in first]) + (two := [value(text) for text in second]))
    ]


def _labels() -> Iterator[tuple[str, Callable[[Written], int], bool]]:
    """Yield each label with its value in a text (0: the usual one), and whether it is a level."""
    yield "polarity", lambda text: ("neutral", "negative", "positive").index(text.label), False
    yield "anger", lambda text: text.anger, True
    yield "urgency", lambda text: text.urgency, True
    yield "irony", lambda text: text.irony, False
    yield "manner", lambda text: ("plain", "rude", "polite").index(text.manner), False
    yield "author", lambda text: ("customer", "agent", "bot").index(text.author), False
    yield "vulnerable", lambda text: text.vulnerable, False
    for reason in names().reasons:
        yield f"reason {reason}", lambda text, it=reason: it in text.reasons, False  # type: ignore[misc]
    for name in names().intents + names().acts + names().topics:
        yield name, lambda text, it=name: bool(text.named([it])), False  # type: ignore[misc]
