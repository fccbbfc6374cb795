"""The engine `hf` on a tiny model with random weights, made on the spot: nothing is downloaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra hf is not installed: torch")
transformers = pytest.importorskip(
    "transformers", reason="the extra hf is not installed: transformers"
)

from pipeline.model.reading import Label  # noqa: E402
from pipeline.text.consistency import VERSION  # noqa: E402
from pipeline.text.open import load_engine  # noqa: E402
from pipeline.text.reader import Reader  # noqa: E402

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "çok", "kötü", "iyi", "kargo", "a", "##a"]
STARS: dict[str, Label] = {
    "1 star": "negative",
    "2 stars": "negative",
    "3 stars": "neutral",
    "4 stars": "positive",
    "5 stars": "positive",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    (path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    tokenizer = transformers.BertTokenizerFast(
        vocab=str(path / "vocab.txt"), vocab_file=str(path / "vocab.txt"), model_max_length=64
    )
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=1.0,
        id2label=dict(enumerate(STARS)),
        label2id={star: index for index, star in enumerate(STARS)},
    )
    tokenizer.save_pretrained(path)
    transformers.BertForSequenceClassification(config).save_pretrained(path)
    return path


def shares_of(folder: Path, text: str) -> Any:
    """What the model itself says, without our engine."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return torch.softmax(model(**tokenizer(text, return_tensors="pt")).logits[0], -1).numpy()


def test_sums_the_labels_of_the_model_into_ours(folder: Path) -> None:
    engine = load_engine("hf", hf_model=str(folder), hf_labels=STARS)
    texts = ["çok kötü", "iyi", "kargo çok çok iyi a", ""]
    answers = engine.probabilities(texts)
    for text, answer in zip(texts, answers, strict=True):
        stars = shares_of(folder, text)
        expected = [stars[:2].sum(), stars[2], stars[3:].sum()]
        np.testing.assert_allclose(answer, expected, atol=1e-5)
    assert len({tuple(answer.round(3)) for answer in answers}) == 4


def test_takes_any_text(folder: Path) -> None:
    engine = load_engine("hf", hf_model=str(folder), hf_labels=STARS)
    texts = ["", "\ud800", "a" * 20_000, "kötü " * 5_000, "\x00", *["iyi"] * 40]
    answers = engine.probabilities(texts)
    assert answers.shape == (45, 3)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert engine.probabilities([]).shape == (0, 3)
    (reading,) = Reader(engine).read(["çok kötü"], [None])
    assert (reading.engine, reading.version) == ("hf", f"{engine.version}.{VERSION}")


def test_the_version_depends_on_the_label_map(folder: Path) -> None:
    other: dict[str, Label] = {**STARS, "3 stars": "negative"}
    first, again, changed = (
        load_engine("hf", hf_model=str(folder), hf_labels=labels).version
        for labels in (STARS, STARS, other)
    )
    assert first == again != changed


def test_a_label_without_a_place_is_refused_in_words(folder: Path) -> None:
    with pytest.raises(ValueError, match="missing or wrong: 5 stars"):
        load_engine("hf", hf_model=str(folder), hf_labels={**STARS, "5 stars": "great"})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="Map each of them"):
        load_engine("hf", hf_model=str(folder))
