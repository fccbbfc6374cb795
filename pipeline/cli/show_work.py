"""Tables of what people work on: cases, and the follow-ups of alerts."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.show import SEVERITY_STYLE, clock, datum, stacked
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp


def case_table(cases: Sequence[Case]) -> RenderableType:
    """Tabulate cases: customer, causes, stage, owner, deadline, outcome."""
    if not cases:
        return Text("no cases")
    table = _work_table("case, customer", "causes")
    for case in cases:
        causes = [datum(one.cause, "dim" if one.ended else "") for one in case.causes]
        table.add_row(*_work_of(case.case_id, case), stacked(*causes))
    return table


def follow_up_table(follow_ups: Sequence[FollowUp]) -> RenderableType:
    """Tabulate follow-ups: customer, stage, owner, deadline, outcome."""
    if not follow_ups:
        return Text("no follow-ups")
    table = _work_table("alert, customer")
    for follow_up in follow_ups:
        table.add_row(*_work_of(follow_up.alert_id, follow_up))
    return table


def _work_table(first: str, *last: str) -> Table:
    table = Table(box=None, pad_edge=False, leading=1)
    table.add_column(first, no_wrap=True)  # to be copied for `nabiz act`
    for name in ("severity, stage", "due, missed", "owner, outcome", *last):
        table.add_column(name, overflow="fold")
    return table


def _work_of(id_: str, work: FollowUp | Case) -> tuple[Text, ...]:
    due = clock(work.due[1]) if work.due else "–"
    return (
        stacked(datum(id_), datum(work.customer_id)),
        stacked(datum(work.severity, SEVERITY_STYLE.get(work.severity, "")), Text(how_far(work))),
        stacked(Text(due), Text(str(work.escalation or ""), "red")),
        stacked(datum(work.owner or "–"), Text(work.outcome or "")),
    )


def how_far(work: FollowUp | Case) -> str:
    """Format the stage, how it ended, whether it was reopened, and whether its cause ended."""
    parts = (work.stage, *filter(None, [work.end]))
    reopened = ["reopened"] if work.reopened_at and not work.ended else []
    cause = ["cause ended"] if work.in_hand_without_cause else []
    return ", ".join([*parts, *reopened, *cause]).replace("_", " ")
