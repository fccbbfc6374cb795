"""Measures alerts against the known truth: `python -m evaluation.detection`."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from evaluation.detection.match import kinds
from evaluation.detection.page import page
from evaluation.detection.play import play
from pipeline.config.groups import ROOT
from pipeline.text.open import load_engine

START = datetime(2026, 1, 5, tzinfo=UTC)


def main(
    customers: Annotated[int, typer.Option(min=1, help="Customers of the company.")] = 5_000,
    weeks: Annotated[int, typer.Option(min=1, help="Weeks that are simulated.")] = 16,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 1,
    engine: Annotated[str, typer.Option(help="Engine that reads the texts.")] = "fast",
    save: Annotated[bool, typer.Option("--save", help="Write docs/detection.md.")] = False,
) -> None:
    """Play a company through reading and detection, and compare its alerts with its truth."""
    days = 7.0 * weeks
    played = play(seed, START, customers, days, load_engine(engine))
    setting = f"Seed {seed}, {weeks} weeks, texts read by `{engine}`"
    text = page(played, kinds(), days, setting)
    if save:
        (ROOT / "docs" / "detection.md").write_text(text, "utf-8")
    Console(width=200).print(Markdown(text))


if __name__ == "__main__":
    typer.run(main)
