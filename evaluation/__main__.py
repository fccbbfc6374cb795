"""Measures how well engines read texts: `python -m evaluation --data DIR`."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.host import described
from evaluation import challenges, processors
from evaluation.curve import Point, curve
from evaluation.page import PLOT, page
from evaluation.results import Measured, Processor, Report, Results
from evaluation.run import answers, report
from evaluation.sets import LabelledSet, load, of_tweet_length, origins
from evaluation.systems import NAMES, System, open_system
from pipeline.common.languages import Language
from pipeline.config.groups import ROOT
from pipeline.model.reading import Label
from pipeline.text.engine import FloatArray

_SEED: Final = 1
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Environment for the libraries of models, which read it on import."""


def main(
    data: Annotated[
        Path,
        typer.Option(
            exists=True, file_okay=False, help="Folder of the labelled texts (NAME.csv.gz)."
        ),
    ],
    engine: Annotated[
        list[str], typer.Option(help=f"Of {', '.join(NAMES)}; all where none is named.")
    ] = [],  # noqa: B006
    sets: Annotated[
        list[str], typer.Option("--set", help="Labelled set; all where none is named.")
    ] = [],  # noqa: B006
    hf_model: Annotated[str | None, typer.Option(help="Folder or hub name, for hf.")] = None,
    hf_labels: Annotated[
        str | None, typer.Option(help='The model\'s labels to ours: {"LABEL_0": "negative", ...}.')
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Write docs/evaluation.*.")] = False,
) -> None:
    """Measure engines and baselines on texts that none was trained on."""
    os.environ.update(_ONE_THREAD)
    if unknown := sorted(set(engine) - set(NAMES)):
        raise typer.BadParameter(f"There is no {', '.join(unknown)}: choose of {', '.join(NAMES)}.")
    labels = _labels(hf_labels)
    names = engine or [name for name in NAMES if name != "hf" or hf_model]
    try:
        labelled = load(sets or list(origins()), data, _SEED)
        timed = of_tweet_length(data, _SEED)
    except FileNotFoundError as error:
        raise typer.BadParameter(_said(error), param_hint="--data") from error
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error

    log = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    systems, missing = {}, []
    for name in names:
        title = Path(hf_model).name if name == "hf" and hf_model else name
        log.print(f"opening {title}")
        try:
            systems[title] = open_system(name, data, _SEED, hf_model, labels)
        except (ImportError, OSError, ValueError) as error:
            log.print(f"{title} is not at hand: {_said(error)}")
            missing.append(title)
    if not systems:
        raise typer.Exit(1)
    results = _measure(systems, labelled, timed, log, missing)
    if save:
        results = msgspec.structs.replace(results, processors=_processors(data, log))
    Console(width=160).print(Markdown(page(results)))
    if save:
        _save(results, ROOT / "docs", log)


def _measure(
    systems: Mapping[str, System],
    sets: Mapping[str, LabelledSet],
    timed: Mapping[Language, Sequence[str]],
    log: Console,
    missing: list[str],
) -> Results:
    items = challenges.load()
    answered, reports = {}, {}
    for name, system in systems.items():
        log.print(f"measuring {name}")
        answered[name] = answers(system, sets)
        reports[name] = report(system, answered[name], sets, items, timed, _SEED)
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=described(),
        sets={
            name: Measured(labelled.origin.language, labelled.origin.texts, len(labelled.texts))
            for name, labelled in sets.items()
        },
        systems=reports,
        missing=missing,
        curve=_curve(answered, reports, sets),
    )


def _processors(data: Path, log: Console) -> dict[str, Processor]:
    log.print("measuring other kinds of processors")
    try:
        return processors.measured(data)
    except (OSError, CalledProcessError) as error:
        log.print(f"Other kinds of processors are not at hand: {_said(error)}")
        return {}


def _said(error: Exception) -> str:
    """Return the message of an error; that of a missing file would begin with a number."""
    lost = isinstance(error, FileNotFoundError) and error.filename
    return f"There is no {lost}." if lost else str(error)


def _labels(text: str | None) -> dict[str, Label] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Label]) if text else None
    except msgspec.DecodeError as error:
        raise typer.BadParameter(str(error), param_hint="--hf-labels") from error


def _curve(
    answered: Mapping[str, Mapping[str, FloatArray]],
    reports: Mapping[str, Report],
    sets: Mapping[str, LabelledSet],
) -> dict[str, list[Point]]:
    if not {"fast", "strong"} <= set(reports):
        return {}
    return {
        name: curve(
            answered["fast"][name],
            answered["strong"][name],
            labelled.labels,
            (reports["fast"].rate.value, reports["strong"].rate.value),
            np.random.default_rng(_SEED),
        )
        for name, labelled in sets.items()
        if labelled.origin.dev
    }


def _save(results: Results, folder: Path, log: Console) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / "evaluation.json").write_bytes(encoded + b"\n")
    (folder / "evaluation.md").write_text(page(results), "utf-8")
    if not results.curve:
        return
    try:
        from evaluation import plots
    except ImportError:
        log.print("No plot: it needs matplotlib, `pip install 'nabiz[evaluation]'`.")
        return
    (folder / "evaluation").mkdir(exist_ok=True)
    plots.curve(results, folder / "evaluation" / PLOT)


if __name__ == "__main__":
    typer.run(main)
