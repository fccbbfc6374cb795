"""Renders a customer for the terminal: the risk with its reasons, alerts, timeline."""

from collections.abc import Callable, Iterator

from rich.console import Group, RenderableType

from pipeline.cli.show import alert_table, datum, risk, timeline
from pipeline.detection.what_if import WhatIf
from pipeline.service.views import CustomerView


def customer(view: CustomerView) -> RenderableType:
    """Render risk with its reasons, what it would be without them, alerts and timeline."""
    titles = {alert.cause: alert.titles.get("en", alert.title) for alert in view.alerts}

    def name(rule: str) -> str:
        return titles.get(rule) or rule.rpartition(".")[2].replace("_", " ")

    reasons = ", ".join(f"{name(part.rule)} {part.share:.0%}" for part in view.contributions[:5])
    head = datum(view.customer_id).append(f"   risk {risk(view.risk, view.calibrated)}")
    if reasons:
        head.append("   because of ", "dim").append(datum(reasons, "dim"))
    answers = _answers(view.what_if, name) if view.what_if else ()
    lines = [datum(answer, "dim") for answer in answers]
    return Group(head, *lines, "", alert_table(view.alerts), "", timeline(view.events))


def _answers(answers: WhatIf, name: Callable[[str], str]) -> Iterator[str]:
    """Yield a line for the risk without each cause, and after each relief."""
    for one in answers.without:
        yield f"without {name(one.rule)}: {one.risk:.2f}"
    for relief in answers.calming:
        what = relief.titles.get("en") or name(relief.rule)
        ends = f", which ends {', '.join(map(name, relief.ends))}" if relief.ends else ""
        yield f"after “{what}”: {relief.risk:.2f}{ends}"
