"""Says what the quotes of an alert do not say: that words and score contradict each other."""

from pathlib import Path
from typing import Final

import msgspec

from pipeline.common.titles import Titles
from pipeline.detection.entry import LogEntry

_TEXTS: Final = msgspec.yaml.decode(
    Path(__file__).with_name("remarks.yaml").read_bytes(), type=dict[str, Titles]
)


class Remark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A remark on a score; `kind` names its text."""

    kind: str
    score: float


def remark_on(entry: LogEntry, *, cites_earlier: bool) -> Remark | None:
    """Return the remark on an event, None if it has no score or there is nothing to say.

    `cites_earlier`: whether the reason of the score is quoted from an earlier event.
    """
    if entry.score is None or not (entry.against_score or cites_earlier):
        return None
    if not entry.against_score:
        kind = "earlier"
    elif entry.good_score:
        kind = "criticism"
    else:
        kind = "praise_earlier" if cites_earlier else "praise"
    return Remark(kind, entry.score)


def remark_texts(remark: Remark) -> dict[str, str]:
    """Return the text of a remark by language."""
    score, texts = f"{remark.score:g}", _TEXTS[remark.kind]
    return {
        "tr": texts.tr.format(score=score.replace(".", ",")),
        "en": texts.en.format(score=score),
    }
