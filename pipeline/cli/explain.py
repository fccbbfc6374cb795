"""explain: one text, how it is read, and why."""

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
    """Show how a text is read, which words make its label, and which rules it meets.

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
    """The text with its words coloured, then the reading, then the rules."""
    rules = ", ".join(f"{one.rule} {one.share:.0%}" for one in answer.rules) or "none"
    return Group(
        coloured(answer.text, answer.explanation),
        Text("bold words make the label, struck ones speak against it", "dim"),
        "",
        reading_table(answer.text, answer.explanation),
        "",
        Text("rules  ").append(show.datum(rules)).append(f"   risk {answer.risk:.2f}", "dim"),
    )


def coloured(text: str, explanation: Explanation) -> Text:
    """The words in the colour of the label as far as they speak for it, crossed out if against."""
    style = show.LABEL_STYLE[explanation.reading.label].replace("dim", "cyan")
    styles = {"strong": f"bold {style}", "weak": style, "against": "dim strike", "": ""}
    line = Text()
    for part in explanation.parts:
        word = show.datum(text[part.start : part.end])
        word.stylize(styles[part.says])
        line.append(word).append(" ")
    return line


def reading_table(text: str, explanation: Explanation) -> Table:
    """Everything that a reading says, and its cues, each with the words that it quotes."""
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
    for intent in reading.intents:
        table.add_row(intent.name, show.datum(text[intent.start : intent.end], "italic"))
    spoken: list[Topic | FoundCue] = [*reading.topics, *explanation.cues]
    for one in spoken:
        quoted = show.datum(text[one.start : one.end], "italic")
        table.add_row(one.name, Text(f"{one.label}  ", show.LABEL_STYLE[one.label]).append(quoted))
    return table
