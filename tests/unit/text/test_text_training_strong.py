"""Training of the transformer: what it is given, and that it can go on where it was stopped."""

import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the training of `strong` needs the extra `hf`")

import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from pipeline.text.spelling import without_marks
from training.backbone import dequantised
from training.distort import distorted, with_typos
from training.strong_plan import Cycle, Recipe, Step, Text, epoch_of, plan, recipe, steps_of
from training.strong_run import averaged

WORDS = ["bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["?", *WORDS])}, "?"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def texts(n: int) -> list[Text]:
    rng = random.Random(4)
    return [Text(" ".join(rng.choices(WORDS, k=1 + i % 9)), i % 3, i % 2) for i in range(n)]


def planned(tokenizer: Tokenizer, seed: int) -> list[Step]:
    few, more = [{"a": 200, "b": 200}, {"a": 100, "b": 300}], [{"a": 200, "b": 200}]
    how = Recipe(0.0, 0.0, [Cycle(0.1, few), Cycle(0.02, more)])
    return list(plan(texts(60), how, tokenizer, seed))


def test_an_epoch_has_so_many_texts_of_each_source() -> None:
    epoch = epoch_of(texts(100), [30, 80], random.Random(1))
    assert [sum(one.source == source for one in epoch) for source in (0, 1)] == [30, 80]


def test_steps_hold_every_text_once_with_its_own_label(tokenizer: Tokenizer) -> None:
    given = texts(300)
    steps = steps_of(given, tokenizer, random.Random(1))
    taken = [one for _, some in steps for one in some]
    assert sorted(map(repr, taken)) == sorted(map(repr, given))
    for tokens, some in steps:
        assert [len(ids) for ids in tokens] == [len(one.text.split()) for one in some]


def test_the_same_seed_plans_the_same_steps(tokenizer: Tokenizer) -> None:
    assert planned(tokenizer, 3) == planned(tokenizer, 3) != planned(tokenizer, 4)
    progress = [step.progress for step in planned(tokenizer, 3)]
    assert progress == sorted(progress)


def test_the_rate_falls_in_each_cycle(tokenizer: Tokenizer) -> None:
    steps = planned(tokenizer, 3)
    first, second = (
        [step.rate for step in steps if (step.progress >= 2 / 3) == later]
        for later in (False, True)
    )
    assert first[0] == second[0] == 0
    assert 0.05 < max(first) < 0.1
    assert 0.005 < max(second) < 0.02
    assert first[-1] < first[-2] < max(first)


def test_the_ends_of_the_cycles_are_known(tokenizer: Tokenizer) -> None:
    steps = planned(tokenizer, 3)
    ends = [(step.ends, place) for place, step in enumerate(steps) if step.ends]
    assert [number for number, _ in ends] == [1, 2]
    first, last = (place for _, place in ends)
    assert (steps[first + 1].rate, last) == (0, len(steps) - 1)


def test_the_weights_are_the_mean_of_those_at_the_ends_of_the_cycles(tmp_path: Path) -> None:
    for number, value in ((1, 2.0), (2, 4.0)):
        torch.save({"head": torch.full((3,), value)}, tmp_path / f"cycle-{number}.pt")
    assert averaged(tmp_path, 2)["head"].tolist() == [3.0] * 3


def test_every_epoch_of_the_recipe_has_the_same_sources() -> None:
    how = recipe()
    epochs = [epoch for cycle in how.cycles for epoch in cycle.epochs]
    assert all(list(epoch) == how.sources for epoch in epochs)


def test_distortions_change_letters_and_nothing_else() -> None:
    assert without_marks("Çığ düştü, ŞİKÂYET") == "Cig dustu, SIKAYET"
    assert with_typos("telefon", random.Random(1), share=0.0) == "telefon"
    assert with_typos("telefon geldi", random.Random(1), share=0.5) != "telefon geldi"
    once = distorted("Kargo gelmedi.", random.Random(2))
    assert once == distorted("Kargo gelmedi.", random.Random(2))


def test_four_bits_become_weights_again() -> None:
    block = np.zeros(1, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]))
    block["scale"] = 0.5
    block["nibbles"][0, 0] = 0x1F  # low nibble 15: weight 0; high nibble 1: weight 16
    weights = dequantised(block)
    assert (weights[0], weights[16], weights[1]) == (3.5, -3.5, -4.0)
