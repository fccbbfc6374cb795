"""Fine-tune the engine `strong`.

    python -m training.strong --data DIR --backbone FOLDER --out FOLDER

Mean of the last layer, one linear layer, cross entropy with AdamW (Loshchilov & Hutter 2019) in
bfloat16. As for `fast`, every source has an intercept of its own while training. The embeddings
stay as they are: words that no training text has keep their places beside those that one has.

It goes on where it was stopped: `--out` holds a checkpoint every few minutes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer
from transformers import BertModel

from pipeline.text.strong import padded, prepare
from training.data import Source, load, sources
from training.distort import distorted

MAX_TOKENS: Final = 96
TOKENS_A_STEP: Final = 2_048
FROZEN: Final = 2
"""Layers that stay as they are, as the embeddings do; the lowest know spelling, not opinions."""
WARM_UP: Final = 0.06
INTERCEPTS: Final = 100
"""How many times as fast as the rest the intercepts learn."""
HELD_OUT: Final = 0.03
SAVE_EVERY: Final = 50
CHECKPOINT: Final = "checkpoint.pt"
CYCLE: Final = "cycle-{}.pt"


@dataclass(frozen=True)
class Text:
    """A labelled text and the number of its source."""

    text: str
    label: int
    source: int


class Cycle(msgspec.Struct, frozen=True):
    """Epochs over which the rate falls to 0; an epoch is how many texts of each source it has."""

    rate: float
    epochs: list[dict[str, int]]


class Recipe(msgspec.Struct, frozen=True):
    """How to train: cycles with warm restarts (Loshchilov & Hutter 2017), with the same sources."""

    decay: float
    smoothing: float
    cycles: list[Cycle]

    @property
    def sources(self) -> list[str]:
        """Names of the sources, in the order of their numbers."""
        return list(self.cycles[0].epochs[0])


class Step(NamedTuple):
    """Texts to learn from at once, at a rate; `progress` of the whole training, from 0 to 1.

    `ends`: the number of the cycle that ends with it, from 1 on; 0 where none does.
    """

    progress: float
    rate: float
    tokens: list[list[int]]
    texts: list[Text]
    ends: int = 0


class Classifier(torch.nn.Module):
    """The backbone with a head for three labels; `intercepts` are not shipped."""

    def __init__(self, backbone: BertModel, sources: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(backbone.config.hidden_size, 3)
        self.intercepts = torch.nn.Parameter(torch.zeros(sources, 3))
        for part in (backbone.embeddings, *backbone.encoder.layer[:FROZEN]):
            part.requires_grad_(False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (texts, 3), without any intercept of a source."""
        states = self.backbone(input_ids, attention_mask).last_hidden_state
        mask = attention_mask[:, :, None].to(states.dtype)
        logits: torch.Tensor = self.head(self.dropout((states * mask).sum(1) / mask.sum(1)))
        return logits


def classifier(backbone: Path, sources: int) -> Classifier:
    """Return the model as `training.backbone` wrote it, with a head that knows nothing yet."""
    bert = BertModel.from_pretrained(
        backbone,
        add_pooling_layer=False,
        # A tenth of the time of a step, and a few epochs do not overfit.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return Classifier(bert, sources)


def recipe() -> Recipe:
    """Return the recipe of `strong.yaml`."""
    return msgspec.yaml.decode(files("training").joinpath("strong.yaml").read_bytes(), type=Recipe)


def collect(folder: Path, names: Sequence[str], seed: int) -> tuple[list[Text], list[Text]]:
    """Return the texts to train on, and those held out to calibrate on, which nobody made up."""
    chosen = sources()
    train: list[Text] = []
    held_out: list[Text] = []
    for number, name in enumerate(names):
        source = chosen[name]
        rng = random.Random(f"{seed}{name}")
        for text, label in zip(*load(name, source, folder, seed), strict=True):
            out = not source.is_ours and rng.random() < HELD_OUT
            (held_out if out else train).append(Text(text, label, number))
    return train, held_out


def epoch_of(texts: Sequence[Text], take: Sequence[int], rng: random.Random) -> list[Text]:
    """Return so many texts of each source, as somebody might have typed them."""
    by_source: list[list[Text]] = [[] for _ in take]
    for one in texts:
        by_source[one.source].append(one)
    chosen = [
        one
        for mine, most in zip(by_source, take, strict=True)
        for one in rng.sample(mine * -(-most // len(mine)), most)
    ]
    return [Text(distorted(one.text, rng), one.label, one.source) for one in chosen]


def steps_of(
    texts: Sequence[Text], tokenizer: Tokenizer, rng: random.Random
) -> list[tuple[list[list[int]], list[Text]]]:
    """Return batches of texts of like length, with their tokens, in any order."""
    tokens = [one.ids for one in tokenizer.encode_batch([prepare(one.text) for one in texts])]
    order = sorted(range(len(texts)), key=lambda row: (len(tokens[row]), rng.random()))
    rows: list[list[int]] = [[]]
    for row in order:
        if (len(rows[-1]) + 1) * len(tokens[row]) > TOKENS_A_STEP:
            rows.append([])
        rows[-1].append(row)
    rng.shuffle(rows)
    return [([tokens[row] for row in some], [texts[row] for row in some]) for some in rows if some]


class Run:
    """A training that can be stopped and resumed between two steps."""

    def __init__(self, model: Classifier, chosen: Sequence[Source], how: Recipe, out: Path) -> None:
        self.model, self.how, self.out = model, how, out
        self.weights = torch.tensor([one.weight for one in chosen])
        self.has_intercept = torch.tensor([float(one.intercept) for one in chosen])
        trained = [one for one in model.parameters() if one.requires_grad]
        matrices = [one for one in trained if one.dim() == 2 and one is not model.intercepts]
        vectors = [one for one in trained if one.dim() == 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": how.decay},
                {"params": vectors, "weight_decay": 0.0},
                {"params": [model.intercepts], "weight_decay": 0.0},
            ]
        )
        self.done = 0

    def step(self, rate: float, tokens: list[list[int]], texts: list[Text]) -> float:
        """Take one step; return the loss."""
        for group, times in zip(self.optimizer.param_groups, (1, 1, INTERCEPTS), strict=True):
            group["lr"] = times * rate
        ids, mask = map(torch.from_numpy, padded(tokens))
        source = torch.tensor([one.source for one in texts])
        labels = torch.tensor([one.label for one in texts])
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(ids, mask)
        losses = torch.nn.functional.cross_entropy(
            logits.float() + (self.model.intercepts * self.has_intercept[:, None])[source],
            labels,
            reduction="none",
            label_smoothing=self.how.smoothing,
        )
        loss = (losses * self.weights[source]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.done += 1
        return float(loss.detach())

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "done": self.done,
        }
        torch.save(state, self.out / f"{CHECKPOINT}.new")
        (self.out / f"{CHECKPOINT}.new").replace(self.out / CHECKPOINT)

    def keep(self, cycle: int) -> None:
        """Keep the weights of the end of a cycle, for `averaged`."""
        torch.save(self.model.state_dict(), self.out / CYCLE.format(cycle))

    def resume(self) -> None:
        """Go back to the checkpoint, where there is one."""
        if (self.out / CHECKPOINT).exists():
            state: dict[str, Any] = torch.load(self.out / CHECKPOINT)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.done = state["done"]


def plan(texts: Sequence[Text], how: Recipe, tokenizer: Tokenizer, seed: int) -> Iterator[Step]:
    """Yield the steps of the training: the same for the same seed."""
    number, epochs = 0, sum(len(cycle.epochs) for cycle in how.cycles)
    for cycle_number, cycle in enumerate(how.cycles, 1):
        for epoch, take in enumerate(cycle.epochs):
            rng = random.Random(seed * 1_000 + number)
            chosen = epoch_of(texts, [take[name] for name in how.sources], rng)
            steps = steps_of(chosen, tokenizer, rng)
            for place, (tokens, some) in enumerate(steps):
                share = (epoch + place / len(steps)) / len(cycle.epochs)
                rate = cycle.rate * min(1.0, share / WARM_UP) * (1.0 - share)
                last = epoch == len(cycle.epochs) - 1 and place == len(steps) - 1
                progress = (number + place / len(steps)) / epochs
                yield Step(progress, rate, tokens, some, ends=cycle_number * last)
            number += 1


def averaged(folder: Path, cycles: int) -> dict[str, torch.Tensor]:
    """Return the mean of the weights at the ends of the cycles (Izmailov et al. 2018).

    It reads other people's texts better than any one of them.
    """
    ends = [torch.load(folder / CYCLE.format(number + 1)) for number in range(cycles)]
    return {name: torch.stack([end[name] for end in ends]).mean(0) for name in ends[0]}


def logits_of(model: Classifier, tokenizer: Tokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Return logits of shape (texts, 3)."""
    model.eval()
    tokens = [one.ids for one in tokenizer.encode_batch([prepare(text) for text in texts])]
    order = sorted(range(len(texts)), key=lambda row: len(tokens[row]))
    logits = torch.empty(len(texts), 3)
    with torch.inference_mode():
        for first in range(0, len(order), 32):
            rows = order[first : first + 32]
            ids, mask = map(torch.from_numpy, padded([tokens[row] for row in rows]))
            logits[rows] = model(ids, mask)
    return logits


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
