"""How engines read, and how fast, on other kinds of processors.

    python -m evaluation.processors --data DIR

Each kind is a process whose CPUID tells of fewer features (`cpuid.c`): numpy and onnxruntime run
there what they would run on such a processor. Clock rate and caches stay those of this machine.
Needs Linux on x86-64 and a C compiler.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.markdown import table
from evaluation.results import Processor
from evaluation.run import rate
from evaluation.sets import load, of_tweet_length, origins, sample
from pipeline.text.open import load_engine

ENGINES: Final = ("strong", "fast")
_SEED: Final = 1
_READ: Final = 150
"""Texts of a set."""
_TIMED: Final = 128
"""Texts of a language: without AVX2 they take half a minute."""
_HERE: Final = "import sys; from evaluation.processors import read; read(*sys.argv[1:])"

Answers = Mapping[str, NDArray[np.floating]]


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of processors: the flag that it needs, the features that it is without."""

    name: str
    needs: str
    without: list[str]


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All kinds, the richest first, and where CPUID tells of each feature."""

    kinds: list[Kind]
    features: dict[str, str]


def main(
    data: Annotated[
        Path,
        typer.Option(
            exists=True, file_okay=False, help="Folder of the labelled texts (NAME.csv.gz)."
        ),
    ],
) -> None:
    """Print how engines read on each kind of processors that this machine can stand for."""
    print(processors(measured(data)))  # noqa: T201


def processors(found: Mapping[str, Processor]) -> str:
    """Return a table in Markdown, a kind a row; rates also as shares of the first row's."""
    first = next(iter(found.values())).rates
    return table(
        (
            "processor",
            *(f"`{engine}`: {what}" for engine in ENGINES for what in ("texts/s/core", "accuracy")),
            "other labels than the first",
            "probabilities differ on average by",
        ),
        (
            (
                name,
                *(
                    figure
                    for engine in ENGINES
                    for figure in (
                        f"{one.rates[engine]:,.0f} ({one.rates[engine] / first[engine]:.2f} ×)",
                        f"{one.accuracies[engine]:.4f}",
                    )
                ),
                f"{one.other_labels} of {one.answers:,}",
                f"{one.difference:.0e}",
            )
            for name, one in found.items()
        ),
    )


def measured(data: Path) -> dict[str, Processor]:
    """Return what is found by kind, the richest first; each is compared with the first.

    Raises OSError or subprocess.CalledProcessError where other kinds cannot be put on.
    """
    known = msgspec.yaml.decode(
        files("evaluation").joinpath("processors.yaml").read_bytes(), type=Kinds
    )
    flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    given: dict[str, Answers] = {}
    with tempfile.TemporaryDirectory() as folder, as_file(files("evaluation") / "cpuid.c") as code:
        library, out = Path(folder) / "cpuid.so", Path(folder) / "answers.npz"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, code], check=True)
        for kind in known.kinds:
            if kind.needs in flags:
                without = " ".join(known.features[name] for name in kind.without)
                seeming = {"LD_PRELOAD": str(library), "CPUID_WITHOUT": without}
                command = [sys.executable, "-c", _HERE, str(data), str(out)]
                subprocess.run(command, env=os.environ | seeming, check=True)
                with np.load(out) as arrays:
                    given[kind.name] = dict(arrays)
    first = next(iter(given.values()))
    return {name: _compared(answers, first) for name, answers in given.items()}


def read(data: str, out: str) -> None:
    """Write what engines say in this process, how fast, and the true labels."""
    sets = load(origins(), Path(data), _SEED).values()
    texts = [text for one in sets for text in one.texts[:_READ]]
    tweets = [one for some in of_tweet_length(Path(data), _SEED).values() for one in some[:_TIMED]]
    tweets = sample(tweets, len(tweets), _SEED)
    found = {"labels": np.concatenate([one.labels[:_READ] for one in sets])}
    for name in ENGINES:
        engine = load_engine(name)
        found[name] = engine.probabilities(texts)
        found[f"{name} rate"] = np.array(rate(engine, tweets, _SEED).value)
    np.savez(out, **found)  # type: ignore[arg-type]  # none of them is called allow_pickle


def _compared(answers: Answers, first: Answers) -> Processor:
    said = {name: answers[name].argmax(axis=1) for name in ENGINES}
    others = {name: first[name].argmax(axis=1) for name in ENGINES}
    return Processor(
        rates={name: float(answers[f"{name} rate"]) for name in ENGINES},
        accuracies={name: float((said[name] == answers["labels"]).mean()) for name in ENGINES},
        answers=sum(map(len, said.values())),
        other_labels=sum(int((said[name] != others[name]).sum()) for name in ENGINES),
        difference=max(float(abs(answers[name] - first[name]).mean()) for name in ENGINES),
    )


if __name__ == "__main__":
    typer.run(main)
