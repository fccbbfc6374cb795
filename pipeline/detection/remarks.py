"""Says what the quotes of an alert do not: a score against the words, a habit that changed."""

from pathlib import Path
from typing import Final

import msgspec

from pipeline.common.titles import Titles
from pipeline.detection.entry import LogEntry
from pipeline.detection.habits.proof import Proof
from pipeline.detection.routine import HabitNews, date_of
from pipeline.detection.said import MISHAPS, Said


class _Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts by kind of remark, and names of habits that are no number of a source."""

    remarks: dict[str, Titles]
    habits: dict[str, Titles]


_TEXTS: Final = msgspec.yaml.decode(
    Path(__file__).with_name("remarks.yaml").read_bytes(), type=_Texts
)
_BARS: Final = "▁▂▃▄▅▆▇█"


class Remark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A remark on a score or a habit; `kind` names its text.

    `habit` is its name, or the type of the mishap before a score.
    `since` is the day on which the habit began to change, in days since 1970; `curve` are its last
    days as bars.
    """

    kind: str
    score: float = 0.0
    habit: str = ""
    before: float = 0.0
    now: float = 0.0
    since: int = 0
    curve: str = ""


def remark_on(entry: LogEntry, habit: HabitNews | None, reason: Said | None) -> Remark | None:
    """Return the remark on an event or a habit, None if there is nothing to say.

    `reason` is that of a score, where it is cited from an earlier event.
    """
    if habit:
        return habit.proof and _remark_on_habit(habit.name, habit.proof)
    if entry.score is None or not (entry.against_score or reason):
        return None
    cited = "mishap" if reason and reason.mishap else "earlier"
    if not entry.against_score:
        kind = cited
    elif entry.good_score:
        kind = "criticism"
    else:
        kind = f"praise_{cited}" if reason else "praise"
    return Remark(kind, entry.score, reason.mishap if reason else "")


def remark_texts(remark: Remark) -> dict[str, str]:
    """Return the text of a remark by language."""
    texts = _TEXTS.remarks[remark.kind]
    since = date_of(remark.since)
    named = _TEXTS.habits.get(remark.habit) or MISHAPS.get(remark.habit)
    names = named or Titles(remark.habit, remark.habit)
    numbers = {name: f"{getattr(remark, name):.3g}" for name in ("score", "before", "now")}
    commas = {name: number.replace(".", ",") for name, number in numbers.items()}
    return {
        "tr": texts.tr.format(
            **commas, habit=names.tr, since=f"{since:%d.%m.%Y}", curve=remark.curve
        ),
        "en": texts.en.format(
            **numbers, habit=names.en, since=since.isoformat(), curve=remark.curve
        ),
    }


def _remark_on_habit(name: str, proof: Proof) -> Remark:
    most = max(day.value for day in proof.curve) or 1.0
    bars = [_BARS[round(day.value / most * (len(_BARS) - 1))] for day in proof.curve]
    return Remark(
        proof.kind,
        habit=name,
        before=proof.before,
        now=proof.now,
        since=proof.since,
        curve="".join(bars),
    )
