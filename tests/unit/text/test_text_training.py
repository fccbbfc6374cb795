import gzip
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline.config.groups import ROOT
from pipeline.text.calibration import softmax, tempered
from pipeline.text.fast import FastCard, FastEngine
from training import fast, temperatures
from training.calibration import Calibration, calibrate, calibration, probabilities_of, temperature
from training.data import Source, load, matrix, read_csv
from training.phrases import reviews
from training.strong_plan import is_held_out

WEIGHTS = ROOT / "pipeline" / "text" / "weights"
CHOSEN = {"phrases_tr": Source("Apache-2.0", weight=1, intercept=True, made_up=400)}


def test_training_on_a_few_texts_gives_an_engine_that_knows_their_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fast, "sources", lambda: CHOSEN)
    monkeypatch.setattr(fast, "HELD_OUT", 0.2)
    monkeypatch.setattr(fast, "calibrate", lambda logits, labels: 1.0)
    weights, card = fast.train(Path("unused"), seed=1)
    again, same_card = fast.train(Path("unused"), seed=1)
    np.testing.assert_array_equal(weights, again)
    assert card == same_card
    answers = FastEngine(weights, card).probabilities(
        ["ürün berbat, iade ettim", "çok beğendim, tavsiye ederim"]
    )
    assert answers.argmax(axis=1).tolist() == [0, 2]


def test_features_of_training_are_those_of_the_engine() -> None:
    texts = ["çok güzel", "", "rezalet!"]
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 127, (2, 1 << 20)).astype(np.int8)
    weights[:, 0] = 0
    features, row_of = matrix(texts).rows(np.arange(3))
    model = fast.Model(weights.astype(np.float32) * 0.01, np.zeros(2), np.zeros((1, 2)))
    card = FastCard("x", 0, {}, 1.0, {"und": 1.0}, scale=0.01, bias=(0.0, 0.0))
    np.testing.assert_allclose(
        probabilities_of(fast.scores(model, features, row_of)),
        FastEngine(weights, card).probabilities(texts),
        atol=1e-4,
    )


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 2))
    shares = probabilities_of(logits).astype(float)
    labels = (rng.random(len(shares))[:, None] > shares.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    assert calibrate(logits * 2, labels) == pytest.approx(2, abs=0.1)


def test_a_language_has_the_mean_of_its_sources_and_any_other_that_of_all() -> None:
    names = {"tr_a": 1.0, "tr_b": 3.0, "en_a": 2.0}
    chosen = {name: Source("MIT", weight, intercept=True) for name, weight in names.items()}
    found = temperatures.ratios({"tr_a": 1.0, "tr_b": 4.0, "en_a": 0.5}, 0.5, chosen)
    assert found == pytest.approx({"tr": 2 * 2**1.5, "en": 1.0, "und": 2 * 2 ** (4 / 6)}, abs=0.01)


def test_temperatures_come_from_sources_left_out_of_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(WEIGHTS, tmp_path, dirs_exist_ok=True)
    chosen = {
        "tr_asked": Source("MIT", weight=1, intercept=True, opinions=True),
        "tr_other": Source("MIT", weight=1, intercept=True),
    }
    for seed, name in enumerate(chosen):
        made_up = "".join(f'"{text}",{label}\n' for text, label in reviews("tr", 200, seed))
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(b"text,label\n" + made_up.encode()))
    monkeypatch.setattr(temperatures, "sources", lambda: chosen)
    monkeypatch.setattr(fast, "HELD_OUT", 0.2)
    temperatures.main(tmp_path, tmp_path, tmp_path, seed=1)
    found = msgspec.yaml.decode((tmp_path / "temperatures.yaml").read_bytes(), type=Calibration)
    assert list(found.left_out) == ["tr_asked"]
    engine = FastEngine.load(tmp_path)
    assert engine.version != FastEngine.load().version
    assert msgspec.json.decode((tmp_path / "strong.json").read_bytes())["ratios"] == found.ratios


def test_the_shipped_cards_have_the_ratios_that_were_found() -> None:
    for name in ("fast", "strong"):
        card = msgspec.json.decode((WEIGHTS / f"{name}.json").read_bytes())
        assert card["ratios"] == calibration().ratios


def test_made_up_reviews_are_seeded_and_of_every_label() -> None:
    assert reviews("tr", 50, seed=3) == reviews("tr", 50, seed=3) != reviews("tr", 50, seed=4)
    assert {label for _, label in reviews("en", 50, seed=3)} == {0, 1, 2}
    texts, labels = load("phrases_tr", CHOSEN["phrases_tr"], Path("unused"), seed=0)
    assert len(texts) == len(labels) == 400


def test_reads_labelled_texts_and_mends_split_words(tmp_path: Path) -> None:
    file = tmp_path / "x.csv.gz"
    file.write_bytes(gzip.compress('text,label\nit \'s n \'t "ok",2\n"çok, iyi",0\n'.encode()))
    assert read_csv(file) == (["it'sn't \"ok\"", "çok, iyi"], [2, 0])


def test_doubts_have_the_temperature_that_fits_them_best() -> None:
    rng = np.random.default_rng(0)
    right = softmax(rng.normal(size=(20_000, 3)) * 2)
    labels = (rng.random(len(right))[:, None] > right.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    overconfident = tempered(right, 0.5)
    assert temperature(overconfident, labels, np.ones(len(labels))) == pytest.approx(2, abs=0.1)


def test_the_same_texts_are_held_out_each_time_and_none_that_we_wrote() -> None:
    theirs, ours = Source("MIT", 1, intercept=True), CHOSEN["phrases_tr"]
    once = is_held_out("tr_a", theirs, 10_000, seed=1)
    assert once == is_held_out("tr_a", theirs, 10_000, seed=1)
    assert once != is_held_out("tr_b", theirs, 10_000, seed=1)
    assert sum(once) == pytest.approx(300, abs=60)
    assert not any(is_held_out("tr_a", ours, 100, seed=1))
