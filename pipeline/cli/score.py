"""Command score: read texts from standard input, without a broker."""

import sys
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import msgspec
import typer

from pipeline.cli.errors import UsageError
from pipeline.common.encodings import utf8_lines
from pipeline.config.groups import EngineSettings
from pipeline.config.settings import load_settings
from pipeline.ingest.decode import parse
from pipeline.model.dead_letter import Invalid
from pipeline.text.engine import Engine
from pipeline.text.open import open_engine
from pipeline.text.reader import Reader

BATCH = 512
_ROWS = msgspec.json.Decoder()


class EngineName(StrEnum):
    """Engine names."""

    AUTO = "auto"
    FAST = "fast"
    STRONG = "strong"
    HF = "hf"


EngineOption = Annotated[
    EngineName | None, typer.Option(help="Default: NABIZ_ENGINE_NAME, else auto.")
]


def engine_of(settings: EngineSettings, name: EngineName | None) -> Engine:
    """Open the given engine, or the one of the settings. Raises EngineError."""
    return open_engine(settings.model_copy(update={"name": name.value} if name else {}))


def score(
    engine: EngineOption = None,
) -> None:
    """Read JSON lines with `text` (and `language` if known); print their readings in order.

    Example: echo '{"text": "bir daha asla almam"}' | nabiz score
    """
    reader = Reader(engine_of(load_settings().engine, engine))
    lines = enumerate(utf8_lines(sys.stdin.buffer), start=1)
    while batch := list(islice(lines, BATCH)):
        rows = [_row(number, line) for number, line in batch if not line.isspace()]
        readings = reader.read([row["text"] for row in rows], [row.get("language") for row in rows])
        for row, reading in zip(rows, readings, strict=True):
            answer = {**row, **msgspec.to_builtins(reading)}
            sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.flush()


def _row(number: int, line: bytes) -> dict[str, Any]:
    try:
        row = parse(_ROWS, line)
    except Invalid as error:
        raise UsageError(f"line {number}: {error.detail}") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UsageError(f'line {number}: expected an object with a string "text"')
    if not isinstance(row.get("language"), str | None):
        raise UsageError(f'line {number}: "language" must be a string like "tr", or be left out')
    return row
