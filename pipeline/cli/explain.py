"""Command explain: show how a text is read, and why."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli import show
from pipeline.cli.score import EngineOption, engine_of
from pipeline.cli.target import JsonOption
from pipeline.config.settings import load_settings
from pipeline.detection.rules import load_rules
from pipeline.model.reading import Topic
from pipeline.preview import Why, why
from pipeline.text.explain import Explanation, FoundCue


def explain_text(
    text: Annotated[str, typer.Argument(help="What a customer wrote.", metavar="TEXT")],
    engine: EngineOption = None,
    language: Annotated[str | None, typer.Option(help="Language, if known, e.g. tr.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a text is read, which words decide its label, and which rules it meets.

    Example: nabiz explain "ürün güzel ama kargo berbat, bir daha almam"
    """
    settings = load_settings()
    answer = why(
        text,
        engine_of(settings.engine, engine),
        load_rules(settings.detect.rules),
        settings.detect,
        datetime.now(UTC),
        language,
    )
    if as_json:
        show.as_json(msgspec.json.encode(answer))
    else:
        Console().print(page(answer))


def page(answer: Why) -> RenderableType:
    """Show the coloured text, then the reading, then the rules."""
    rules = ", ".join(f"{met.rule} {met.share:.0%}" for met in answer.rules) or "none"
    risk = show.risk(answer.risk, answer.calibrated)
    return Group(
        coloured(answer.text, answer.explanation),
        Text("bold words make the label, struck ones speak against it", "dim"),
        "",
        reading_table(answer.text, answer.explanation),
        "",
        Text("rules  ").append(show.datum(rules)).append(f"   risk {risk}", "dim"),
    )


def coloured(text: str, explanation: Explanation) -> Text:
    """Colour words by their weight for the label; strike out those against it."""
    style = show.LABEL_STYLE[explanation.reading.label].replace("dim", "cyan")
    styles = {"strong": f"bold {style}", "weak": style, "against": "dim strike", "": ""}
    line = Text()
    for part in explanation.parts:
        word = show.datum(text[part.start : part.end])
        word.stylize(styles[part.says])
        line.append(word).append(" ")
    return line


def reading_table(text: str, explanation: Explanation) -> Table:
    """Tabulate the reading and its cues, each with its quote."""
    reading = explanation.reading
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    odds = msgspec.structs.asdict(reading.probabilities)
    shares = ", ".join(f"{label} {share:.0%}" for label, share in odds.items())
    table.add_row(
        "label", Text(reading.label, show.LABEL_STYLE[reading.label]).append(f"   {shares}")
    )
    table.add_row("engine", f"{reading.engine} {reading.version}")
    table.add_row("language", reading.language)
    table.add_row("intensity", f"{reading.intensity:.2f}")
    table.add_row("anger, urgency", f"{reading.anger} of 3, {reading.urgency} of 3")
    if reading.traits:
        table.add_row("traits", ", ".join(reading.traits))
    for intent in reading.intents:
        table.add_row(intent.name, show.datum(text[intent.start : intent.end], "italic"))
    for hint in reading.hints:
        quoted = show.datum(text[hint.start : hint.end], "italic")
        table.add_row(f"{hint.name}?", Text("perhaps  ", "dim").append(quoted))
    spoken: list[Topic | FoundCue] = [*reading.topics, *explanation.cues]
    for cue in spoken:
        quoted = show.datum(text[cue.start : cue.end], "italic")
        table.add_row(cue.name, Text(f"{cue.label}  ", show.LABEL_STYLE[cue.label]).append(quoted))
    return table
