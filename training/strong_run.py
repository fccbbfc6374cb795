"""One training of `strong`: the model that learns, its steps, its checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from transformers import BertModel

from pipeline.text.strong import padded, prepare
from training.data import Source
from training.strong_plan import Recipe, Text

FROZEN: Final = 2
"""Layers that stay as they are, as the embeddings do; the lowest know spelling, not opinions."""
INTERCEPTS: Final = 100
"""How many times as fast as the rest the intercepts learn."""
CHECKPOINT: Final = "checkpoint.pt"
CYCLE: Final = "cycle-{}.pt"


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
