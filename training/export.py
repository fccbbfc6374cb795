"""Make the shipped engine `strong` of a checkpoint: ONNX in eight bits, tokenizer, card.

    python -m training.export --data DIR --backbone FOLDER --checkpoint FOLDER

The weights are the mean of those at the ends of the cycles. The temperature (Guo et al. 2017) is
fitted on the held-out texts of training; `training.temperatures` says by how much it is higher
elsewhere. It refuses a model that eight bits made worse.
"""

import random
from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from rich.console import Console
from tokenizers import Tokenizer

from pipeline.text.calibration import Card
from pipeline.text.language import UNKNOWN
from pipeline.text.strong import MAX_TOKENS, StrongEngine, prepare
from training.calibration import calibrate, calibration, spelled, versioned
from training.quantise import quantised
from training.strong_plan import collect, recipe
from training.strong_run import averaged, classifier, logits_of

WEIGHTS: Final = Path("pipeline/text/weights")
MAX_LOSS: Final = 0.005
"""Share of held-out texts that eight bits may cost."""
SAMPLE: Final = 4_000
RANGES: Final = 500
"""Texts that tell how wide activations are."""


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    backbone: Annotated[Path, typer.Option(help="What training.backbone wrote.")],
    checkpoint: Annotated[Path, typer.Option(help="What training.strong wrote.")],
    out: Annotated[Path, typer.Option(help="Where to write the weights.")] = WEIGHTS,
    seed: Annotated[int, typer.Option(help="The seed of the training.")] = 1,
) -> None:
    """Write strong.onnx, strong.tokenizer.json and strong.json."""
    console, how = Console(stderr=True), recipe()
    model = classifier(backbone, len(how.sources))
    model.load_state_dict(averaged(checkpoint, len(how.cycles)))
    tokenizer = Tokenizer.from_file(str(backbone / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    train, held_out = collect(data, how.sources, seed)
    sample = held_out[:: max(1, len(held_out) // SAMPLE)]
    texts, labels = [one.text for one in sample], np.array([one.label for one in sample])
    logits = logits_of(model, tokenizer, texts).numpy()

    usual = random.Random(seed).sample(train, RANGES)
    content = quantised(model, [tokenizer.encode(prepare(one.text)).ids for one in usual])
    names = Counter(how.sources[one.source] for one in train)
    card = Card("", seed, dict(names), 1.0, {UNKNOWN: 1.0})
    shares = StrongEngine(content, tokenizer, card, torch.get_num_threads()).probabilities(texts)
    before = float((logits.argmax(1) == labels).mean())
    after = float((shares.argmax(1) == labels).mean())
    console.print(f"held out: {before:.1%} of {len(labels):,} right, {after:.1%} in eight bits")
    if before - after > MAX_LOSS:
        raise typer.Exit(1)

    logs = np.log(shares.astype(float) + 1e-9)
    temperature = calibrate((logs - logs[:, 1:2])[:, ::2], labels)
    pieces = tokenizer.to_str().encode()
    card = Card("", seed, dict(names), temperature, calibration().ratios)
    card = versioned(card, content + pieces)
    out.mkdir(parents=True, exist_ok=True)
    (out / "strong.onnx").write_bytes(content)
    (out / "strong.tokenizer.json").write_bytes(pieces)
    (out / "strong.json").write_bytes(spelled(card))
    console.print(f"Wrote {card.version} to {out}: {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
