"""Fine-tune the engine `strong`.

    python -m training.strong --data DIR --backbone FOLDER --out FOLDER

Mean of the last layer, one linear layer, cross entropy with AdamW (Loshchilov & Hutter 2019) in
bfloat16. As for `fast`, every source has an intercept of its own while training. The embeddings
stay as they are: words that no training text has keep their places beside those that one has.

It goes on where it was stopped: `--out` holds a checkpoint every few minutes.
"""

from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer

from training.data import sources
from training.strong_plan import collect, plan, recipe
from training.strong_run import Run, classifier, logits_of

MAX_TOKENS: Final = 96
SAVE_EVERY: Final = 50


def train(data: Path, backbone: Path, out: Path, seed: int) -> None:
    """Train, or go on with it, until the recipe is through; write the last checkpoint."""
    torch.manual_seed(seed)
    how, console = recipe(), Console(stderr=True)
    tokenizer = Tokenizer.from_file(str(backbone / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    texts, held_out = collect(data, how.sources, seed)
    model = classifier(backbone, len(how.sources))
    run = Run(model, [sources()[name] for name in how.sources], how, out)
    out.mkdir(parents=True, exist_ok=True)
    run.resume()
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with bar:
        task = bar.add_task("Training", total=1.0)
        mean = 1.0
        for number, step in enumerate(plan(texts, how, tokenizer, seed)):
            if number < run.done:
                continue
            model.train()
            mean = 0.99 * mean + 0.01 * run.step(step.rate, step.tokens, step.texts)
            bar.update(task, completed=step.progress, description=f"Training, loss {mean:.3f}")
            if step.ends:
                run.keep(step.ends)
            if step.ends or run.done % SAVE_EVERY == 0:
                run.save()
    run.save()
    sample = held_out[:: max(1, len(held_out) // 2_000)]
    right = logits_of(model, tokenizer, [one.text for one in sample]).argmax(1).numpy()
    share = float(np.mean(right == [one.label for one in sample]))
    console.print(f"{run.done:,} steps; {share:.1%} of {len(sample):,} held-out texts right")


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    backbone: Annotated[Path, typer.Option(help="What training.backbone wrote.")],
    out: Annotated[Path, typer.Option(help="Folder of the checkpoint.")],
    seed: Annotated[int, typer.Option(help="Same seed and data, same weights.")] = 1,
) -> None:
    """Fine-tune the backbone; stopped, it goes on from its last checkpoint."""
    train(data, backbone, out, seed)


if __name__ == "__main__":
    typer.run(main)
