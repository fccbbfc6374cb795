"""Engine `hf`: a Hugging Face text-classification model from a folder or the hub."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from pipeline.model.reading import LABELS, Label
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.normalise import Folded

_BATCH: Final = 32
_MAX_TOKENS: Final = 512


class HuggingFaceEngine(Engine):
    """Runs a sequence classifier on the CPU and sums its labels into ours."""

    name = "hf"

    def __init__(self, model: str, labels: Mapping[str, Label] | None = None) -> None:
        """Load `model`. A folder is read without the network; a hub name may be downloaded.

        `labels` maps every label of the model to one of ours, many to one where it has more
        (stars). Raises ImportError without the extra, ValueError where a label of the model has no
        place.
        """
        torch, transformers = _libraries()
        local = Path(model).is_dir()
        self._torch = torch
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(model, local_files_only=local)
        self._model = transformers.AutoModelForSequenceClassification.from_pretrained(
            model, local_files_only=local
        ).eval()
        config = self._model.config
        names = [str(config.id2label[index]) for index in range(config.num_labels)]
        self._places = _places(names, labels)
        self._max_tokens = min(self._tokenizer.model_max_length, _MAX_TOKENS)
        self._lock = Lock()  # the tokenizer keeps its padding and truncation as state
        self._version = _digest(self._model.state_dict(), self._places)

    @property
    def version(self) -> str:
        """Hash of the weights and the label map."""
        return self._version

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,  # noqa: ARG002 - the model reads texts as they are typed
        languages: Sequence[str] | None = None,  # noqa: ARG002 - it is as sure as it was made
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        result = np.zeros((len(texts), len(LABELS)), dtype=np.float32)
        # Texts of like length together: less padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for i in range(0, len(order), _BATCH):
            rows = order[i : i + _BATCH]
            result[rows] = self._softmax(texts, rows) @ self._places
        return result

    def _softmax(self, texts: Sequence[str], rows: Sequence[int]) -> FloatArray:
        # A lone surrogate is no character that a tokenizer takes.
        clean = [texts[row].encode("utf-8", "replace").decode() for row in rows]
        with self._lock:
            tokens = self._tokenizer(
                clean,
                padding=True,
                truncation=True,
                max_length=self._max_tokens,
                return_tensors="pt",
            )
        with self._torch.inference_mode():
            logits = self._model(**tokens).logits.float()
        shares: FloatArray = self._torch.softmax(logits, dim=-1).numpy()
        return shares


def _libraries() -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ImportError(
            "The engine hf needs transformers and torch: pip install 'nabiz[hf]'."
        ) from error
    return torch, transformers


def _places(names: Sequence[str], labels: Mapping[str, Label] | None) -> FloatArray:
    """Return the label map, shape (labels of the model, 3): 1 where a label maps to ours."""
    places = {name: (labels.get(name, "") if labels else name.lower()) for name in names}
    if lost := [name for name, place in places.items() if place not in LABELS]:
        raise ValueError(
            f"The model's labels are {', '.join(names)}. Map each of them to one of"
            f" {', '.join(LABELS)}; missing or wrong: {', '.join(lost)}."
        )
    return np.array([[places[name] == ours for ours in LABELS] for name in names], np.float32)


def _digest(weights: Mapping[str, Any], places: FloatArray) -> str:
    digest = hashlib.sha256(places.tobytes())
    for name, tensor in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().float().numpy().tobytes())
    return digest.hexdigest()[:12]
