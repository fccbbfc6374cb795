import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from evaluation import systems
from evaluation.challenges import Item
from evaluation.robustness import capitals, distortions, kept
from evaluation.run import answers, rate, report
from evaluation.sets import LabelledSet, Origin, load, origins, sample
from evaluation.systems import System, open_system
from pipeline.text.engine import Engine
from pipeline.text.open import load_engine
from tests.unit.text.engines import Wordy

SETS = {
    "tr": LabelledSet(
        Origin("tr", "x", dev=True), ["çok iyi", "çok kötü", "hızlı"], np.array([2, 0, 2])
    ),
    "en": LabelledSet(Origin("en", "x"), ["great", "terrible"], np.array([2, 2])),
}
CHALLENGES = {
    "easy": [Item("iyi", "positive", "tr"), Item("terrible", "negative", "en")],
    "hard": [Item("iyi değil", "negative", "tr"), Item("so great", "negative", "tr")],
}
TIMED = {"tr": ["iyi"] * 200, "en": ["great"] * 100}


def test_capitals_are_those_of_the_language() -> None:
    assert capitals("iyi ısı", "tr") == "İYİ ISI"
    assert capitals("this is it", "en") == "THIS IS IT"


def test_only_turkish_is_typed_without_turkish_letters() -> None:
    typed = distortions(["çok kötü", "ürün iyi"], "tr", seed=1)
    assert typed["no Turkish letters"] == ["cok kotu", "urun iyi"]
    assert typed["capitals"] == ["ÇOK KÖTÜ", "ÜRÜN İYİ"]
    assert set(distortions(["bad"], "en", seed=1)) == {"capitals", "typos"}


def test_typos_are_few_and_the_same_for_a_seed() -> None:
    texts = ["a rather long sentence with plenty of letters in it"] * 20
    typed = distortions(texts, "en", seed=1)["typos"]
    assert typed == distortions(texts, "en", seed=1)["typos"]
    changed = sum(one != other for one, other in zip(texts, typed, strict=True))
    assert 10 <= changed <= 20
    assert all(abs(len(one) - len(texts[0])) < 8 for one in typed)


def test_a_label_is_kept_where_the_likeliest_stays_the_same() -> None:
    before = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]], np.float32)
    after = np.array([[0.4, 0.3, 0.3], [0.3, 0.6, 0.1]], np.float32)
    assert kept(before, after).tolist() == [True, False]


def test_a_report_has_every_figure_of_both_languages() -> None:
    system = System(Wordy())
    found = report(system, answers(system, SETS), SETS, CHALLENGES, TIMED, seed=1)
    assert found.sets["tr"].accuracy.value == 1
    assert found.sets["en"].accuracy.value == 0.5
    assert found.sets["en"].calibration_error is not None
    assert found.challenges["all"].categories["easy"].value == 1
    assert found.challenges["all"].categories["hard"].value == 0
    assert found.challenges["all"].mean.value == 0.5
    assert found.challenges["en"].mean.value == 1
    assert set(found.challenges["en"].categories) == {"easy"}
    assert {name: set(ways) for name, ways in found.kept.items()} == {
        "tr": {"capitals", "typos", "no Turkish letters"}
    }
    assert found.kept["tr"]["capitals"].value == 1


def test_a_system_is_measured_in_its_languages_only() -> None:
    engine = Wordy()
    system = System(engine, languages=("en",), is_probabilistic=False)
    found = report(system, answers(system, SETS), SETS, CHALLENGES, TIMED, seed=1)
    assert set(found.sets) == set(found.challenges) == {"en"}
    assert found.sets["en"].calibration_error is None
    assert found.kept == {}
    timed = [batch for batch in engine.asked if len(batch) == 100]
    assert timed == [TIMED["en"]] * 3


def test_a_rate_is_of_the_best_round_of_each_block() -> None:
    """Two blocks of 128 texts; the first takes 4, 2 and 8 s, the second 2, 4 and 8."""
    ends = iter(np.cumsum([0, 4, 0, 2, 0, 2, 0, 4, 0, 8, 0, 8]).tolist())
    assert rate(Wordy(), ["iyi"] * 256, seed=1, clock=lambda: next(ends)).value == 256 / 4


def test_a_sample_is_seeded_and_bounded() -> None:
    assert sample(range(10), 20, seed=1) != list(range(10))
    assert sorted(sample(range(10), 20, seed=1)) == list(range(10))
    assert sample(range(100), 5, seed=1) == sample(range(100), 5, seed=1)
    assert sample(range(100), 5, seed=1) != sample(range(100), 5, seed=2)


def test_an_unknown_set_is_said_to_be_one() -> None:
    with pytest.raises(ValueError, match=r"no set nope: choose of dev_en_uci3"):
        load(["nope"], Path("unused"), seed=1)
    assert [name for name, one in origins().items() if one.dev] == ["dev_en_uci3", "dev_tr_trsav1"]


@pytest.mark.parametrize(
    ("name", "package"), [("vader", "vaderSentiment.vaderSentiment"), ("tfidf", "sklearn.pipeline")]
)
def test_a_baseline_that_is_not_installed_says_what_to_install(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (package.partition(".")[0], package):
        monkeypatch.setitem(sys.modules, part, None)
    monkeypatch.setattr("evaluation.baselines.sources", dict)
    with pytest.raises(ImportError, match=r"pip install 'nabiz\[evaluation\]'"):
        open_system(name, Path("unused"), seed=1)


@pytest.fixture
def _vader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for VADER, to which a text is its compound score."""

    class SentimentIntensityAnalyzer:
        def polarity_scores(self, text: str) -> dict[str, float]:
            return {"compound": float(text)}

    module = ModuleType("vaderSentiment.vaderSentiment")
    vars(module)["SentimentIntensityAnalyzer"] = SentimentIntensityAnalyzer
    monkeypatch.setitem(sys.modules, "vaderSentiment", ModuleType("vaderSentiment"))
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", module)


@pytest.mark.usefixtures("_vader")
def test_vader_has_the_bounds_of_its_authors() -> None:
    system = open_system("vader", Path("unused"), seed=1)
    shares = system.engine.probabilities(["-0.9", "-0.05", "-0.0499", "0", "0.0499", "0.05", "1"])
    assert shares.argmax(axis=1).tolist() == [0, 0, 1, 1, 1, 2, 2]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert shares[3, 0] == shares[3, 2]
    assert system.languages == ("en",)


def test_the_labels_of_another_model_are_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def load(name: str, **options: object) -> Engine:
        asked.update(options, name=name)
        return load_engine("fast")

    monkeypatch.setattr(systems, "load_engine", load)
    open_system("hf", Path("unused"), 1, "model", {"LABEL_0": "negative"})
    assert asked == {"name": "hf", "hf_model": "model", "hf_labels": {"LABEL_0": "negative"}}
