"""What `strong` learns from, and in which order: recipe, epochs, steps."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from tokenizers import Tokenizer

from pipeline.text.strong import prepare
from training.data import Source, load, sources
from training.distort import distorted

TOKENS_A_STEP: Final = 2_048
WARM_UP: Final = 0.06
HELD_OUT: Final = 0.03


@dataclass(frozen=True)
class Text:
    """A labelled text and the number of its source."""

    text: str
    label: int
    source: int


class Cycle(msgspec.Struct, frozen=True):
    """Epochs over which the rate falls to 0; an epoch is how many texts of each source it has."""

    rate: float
    epochs: list[dict[str, int]]


class Recipe(msgspec.Struct, frozen=True):
    """How to train: cycles with warm restarts (Loshchilov & Hutter 2017), with the same sources."""

    decay: float
    smoothing: float
    cycles: list[Cycle]

    @property
    def sources(self) -> list[str]:
        """Names of the sources, in the order of their numbers."""
        return list(self.cycles[0].epochs[0])


class Step(NamedTuple):
    """Texts to learn from at once, at a rate; `progress` of the whole training, from 0 to 1.

    `ends`: the number of the cycle that ends with it, from 1 on; 0 where none does.
    """

    progress: float
    rate: float
    tokens: list[list[int]]
    texts: list[Text]
    ends: int = 0


def recipe() -> Recipe:
    """Return the recipe of `strong.yaml`."""
    return msgspec.yaml.decode(files("training").joinpath("strong.yaml").read_bytes(), type=Recipe)


def collect(folder: Path, names: Sequence[str], seed: int) -> tuple[list[Text], list[Text]]:
    """Return the texts to train on, and those held out to calibrate on, which nobody made up."""
    chosen = sources()
    train: list[Text] = []
    held_out: list[Text] = []
    for number, name in enumerate(names):
        texts, labels = load(name, chosen[name], folder, seed)
        out = is_held_out(name, chosen[name], len(texts), seed)
        for text, label, is_out in zip(texts, labels, out, strict=True):
            (held_out if is_out else train).append(Text(text, label, number))
    return train, held_out


def is_held_out(name: str, source: Source, texts: int, seed: int) -> list[bool]:
    """Say of each text of a source, in order, whether it is held out."""
    rng = random.Random(f"{seed}{name}")
    return [not source.is_ours and rng.random() < HELD_OUT for _ in range(texts)]


def epoch_of(texts: Sequence[Text], take: Sequence[int], rng: random.Random) -> list[Text]:
    """Return so many texts of each source, as somebody might have typed them."""
    by_source: list[list[Text]] = [[] for _ in take]
    for one in texts:
        by_source[one.source].append(one)
    chosen = [
        one
        for mine, most in zip(by_source, take, strict=True)
        for one in rng.sample(mine * -(-most // len(mine)), most)
    ]
    return [Text(distorted(one.text, rng), one.label, one.source) for one in chosen]


def steps_of(
    texts: Sequence[Text], tokenizer: Tokenizer, rng: random.Random
) -> list[tuple[list[list[int]], list[Text]]]:
    """Return batches of texts of like length, with their tokens, in any order."""
    tokens = [one.ids for one in tokenizer.encode_batch([prepare(one.text) for one in texts])]
    order = sorted(range(len(texts)), key=lambda row: (len(tokens[row]), rng.random()))
    rows: list[list[int]] = [[]]
    for row in order:
        if (len(rows[-1]) + 1) * len(tokens[row]) > TOKENS_A_STEP:
            rows.append([])
        rows[-1].append(row)
    rng.shuffle(rows)
    return [([tokens[row] for row in some], [texts[row] for row in some]) for some in rows if some]


def plan(texts: Sequence[Text], how: Recipe, tokenizer: Tokenizer, seed: int) -> Iterator[Step]:
    """Yield the steps of the training: the same for the same seed."""
    number, epochs = 0, sum(len(cycle.epochs) for cycle in how.cycles)
    for cycle_number, cycle in enumerate(how.cycles, 1):
        for epoch, take in enumerate(cycle.epochs):
            rng = random.Random(seed * 1_000 + number)
            chosen = epoch_of(texts, [take[name] for name in how.sources], rng)
            steps = steps_of(chosen, tokenizer, rng)
            for place, (tokens, some) in enumerate(steps):
                share = (epoch + place / len(steps)) / len(cycle.epochs)
                rate = cycle.rate * min(1.0, share / WARM_UP) * (1.0 - share)
                last = epoch == len(cycle.epochs) - 1 and place == len(steps) - 1
                progress = (number + place / len(steps)) / epochs
                yield Step(progress, rate, tokens, some, ends=cycle_number * last)
            number += 1
