"""Engine `strong`: a small eight-bit transformer for Turkish and English on the CPU."""

import os
import re
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipeline.text import cues, spelling
from pipeline.text.calibration import Card, softmax
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.heads import Heads
from pipeline.text.language import detect
from pipeline.text.normalise import Folded, fold
from pipeline.text.spelling import respelled, with_small_dotless

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it would report to its makers, in a thread of its own
import onnxruntime

MAX_CHARACTERS: Final = 2_000
MAX_TOKENS: Final = 192
"""Characters read of a text; long complaints state their subject at the beginning."""

_TOKENS_AT_ONCE: Final = 256  # of texts of like length: little padding, and they stay in the cache
_PADDING: Final = 1
_SLOWING: Final = ["ConstantFolding", "SkipLayerNormFusion"]
"""What onnxruntime would do to the model at the cost of a fifth of its speed: without the first it
joins each product in eight bits with the scaling behind it, and the second's sums are slow."""
_SHIPPED: Final = files("pipeline.text") / "weights"
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_MENTION: Final = re.compile(r"@\w+")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")


def prepare(text: str) -> str:
    """Prepare a text for the model: no links or names, lower case, not stretched.

    Small letters make it deaf to shouting, which `intensity` hears, and shouted words known ones.
    """
    text = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
    text = _MENTION.sub("@user", _LINK.sub(" ", text))
    return _STRETCHED.sub(r"\1\1", text.replace("İ", "i").lower())


def _prepare_in(text: str, language: str) -> str:
    if language == "tr":
        text = with_small_dotless(text)
    prepared = prepare(text)
    match language:
        case "tr":
            return respelled(prepared)
        case "und":
            return respelled(prepared, at_least=2)  # one may be a word of another language
        case _:
            return prepared


class StrongEngine(Engine):
    """Scores texts with the transformer on its own threads."""

    name = "strong"
    hears_cues = True

    def __init__(
        self,
        model: bytes | str,
        tokenizer: Tokenizer,
        card: Card,
        threads: int = 1,
        heads: Heads | None = None,
    ) -> None:
        """Take an ONNX model: `input_ids` and `attention_mask` in, logits of three labels out.

        The path of its file costs less memory than its bytes, which would stay beside it.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_mem_pattern = False  # no two batches have the same shape
        self._session = onnxruntime.InferenceSession(
            model,
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_SLOWING,
        )
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._card = card
        self.heads = heads

    @classmethod
    def load(
        cls, folder: Traversable = _SHIPPED, threads: int = 1, heads: Heads | None = None
    ) -> "StrongEngine":
        """Read what `training.export` wrote into `folder`. Raises FileNotFoundError."""
        card = msgspec.json.decode((folder / "strong.json").read_bytes(), type=Card)
        tokenizer = Tokenizer.from_str((folder / "strong.tokenizer.json").read_text("utf-8"))
        with as_file(folder / "strong.onnx") as model:
            return cls(str(model), tokenizer, card, threads, heads)

    @property
    def version(self) -> str:
        """Version of the weights, of the cues, and of the spelling."""
        heads = f".{self.heads.card.version}" if self.heads else ""
        return f"{self._card.version}.{cues.VERSION}.{spelling.VERSION}{heads}"

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        known = detect(texts) if languages is None else languages
        logits = np.empty((len(texts), 3))
        prepared = map(_prepare_in, texts, known)
        tokens = [self._tokenizer.encode(text).ids for text in prepared]
        for rows in _alike([len(token_ids) for token_ids in tokens]):
            ids, mask = padded([tokens[row] for row in rows])
            (logits[rows],) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        logits += cues.leanings(folded or fold(texts))
        return softmax(logits / self._card.temperatures(texts, known))


def padded(tokens: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return padded token ids and the attention mask, each of shape (texts, longest)."""
    longest = max(map(len, tokens))
    ids = np.full((len(tokens), longest), _PADDING, np.int64)
    mask = np.zeros_like(ids)
    for row, token_ids in enumerate(tokens):
        ids[row, : len(token_ids)], mask[row, : len(token_ids)] = token_ids, 1
    return ids, mask


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield groups of rows of similar length, at most _TOKENS_AT_ONCE with padding."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if rows and (len(rows) + 1) * lengths[row] > _TOKENS_AT_ONCE:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows
