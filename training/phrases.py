"""Short made-up reviews from `phrases.yaml`: what the public data lacks."""

import random
from importlib.resources import files
from typing import Any

import yaml

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


def reviews(language: str, count: int, seed: int) -> list[tuple[str, int]]:
    """Return `count` texts with their labels, a third each; the same for the same seed.

    A third of the neutral ones are mixed: one good and one bad clause.
    """
    phrases = yaml.safe_load(files("training").joinpath("phrases.yaml").read_bytes())[language]
    rng = random.Random(f"{seed}{language}")
    return [_review(phrases, label, rng) for _ in range(count) for label in (rng.randrange(3),)]


def _review(phrases: dict[str, Any], label: int, rng: random.Random) -> tuple[str, int]:
    def clause(tone: str) -> str:
        text: str = rng.choice(phrases[tone])
        return text.replace("{x}", rng.choice(phrases["aspects"]))

    if label == NEUTRAL and rng.random() < 1 / 3:
        tones = rng.sample(["positive", "negative"], 2)
        clauses = [f"{clause(tones[0])} {rng.choice(phrases['but'])} {clause(tones[1])}"]
    else:
        tone = ("negative", "neutral", "positive")[label]
        clauses = [clause(tone) for _ in range(1 if label == NEUTRAL else rng.choice((1, 1, 2, 3)))]
    opening = rng.choice(phrases["opening"])
    text = rng.choice([" ", ", ", ". "]).join([opening, *clauses] if opening else clauses)
    return text + rng.choice(phrases["ending"]), label
