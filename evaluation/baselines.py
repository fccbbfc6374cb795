"""Common alternatives as engines, for comparison; they need the extra `evaluation`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.text.engine import Engine, FloatArray
from pipeline.text.normalise import Folded
from training.data import load, sources

_NEUTRAL_UP_TO: Final = 0.05 - 1e-6
"""Largest neutral compound score, after VADER's authors: 0.05 is positive, -0.05 negative."""

_MOST_TERMS: Final = 200_000
_MOST_STEPS: Final = 300


class VaderEngine(Engine):
    """VADER (Hutto and Gilbert 2014): a lexicon and rules for English."""

    name = "vader"

    def __init__(self) -> None:
        """Read the lexicon. Raises ImportError without the extra."""
        with _extra():
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
        self._analyzer = SentimentIntensityAnalyzer()

    @property
    def version(self) -> str:
        """Version of the package."""
        return version("vaderSentiment")

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,  # noqa: ARG002 - it reads unfolded texts
        languages: Sequence[str] | None = None,  # noqa: ARG002 - and in English only
    ) -> FloatArray:
        """Return scores of shape (len(texts), 3), which order labels but are not probabilities."""
        compound = np.array([self._analyzer.polarity_scores(text)["compound"] for text in texts])
        scores = np.exp(np.stack((-compound, np.full(len(texts), _NEUTRAL_UP_TO), compound), 1))
        shares: FloatArray = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares


class TfidfEngine(Engine):
    """Logistic regression on TF-IDF of words and word pairs, with default settings."""

    name = "tfidf"

    def __init__(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Fit to texts with labels 0, 1 and 2. Raises ImportError without the extra."""
        with _extra():
            from sklearn.feature_extraction.text import TfidfVectorizer
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
        self._model = make_pipeline(
            TfidfVectorizer(
                ngram_range=(1, 2), min_df=2, max_features=_MOST_TERMS, sublinear_tf=True
            ),
            LogisticRegression(max_iter=_MOST_STEPS),
        ).fit(texts, labels)

    @classmethod
    def train(cls, folder: Path, seed: int) -> "TfidfEngine":
        """Fit to all training texts of our engines. Raises FileNotFoundError, ImportError."""
        texts: list[str] = []
        labels: list[int] = []
        for name, source in sources().items():
            more = load(name, source, folder, seed)
            texts += more[0]
            labels += more[1]
        return cls(texts, labels)

    @property
    def version(self) -> str:
        """Version of scikit-learn."""
        return version("scikit-learn")

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,  # noqa: ARG002 - its vectorizer has a folding of its own
        languages: Sequence[str] | None = None,  # noqa: ARG002 - and no temperatures
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        shares: FloatArray = self._model.predict_proba(texts).astype(np.float32)
        return shares


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ImportError("It needs `pip install 'nabiz[evaluation]'`.") from error
