"""Measures accuracy and rate of engines on other kinds of processors.

    python -m evaluation.processors --data DIR

Each kind is a process whose CPUID reports fewer features (`cpuid.c`), so that numpy and onnxruntime
select the code for such a processor. Clock rate and caches stay those of this machine.
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
"""Texts per set."""
_TIMED: Final = 128
"""Texts per language, which take half a minute without AVX2."""
_HERE: Final = "import sys; from evaluation.processors import read; read(*sys.argv[1:])"

Answers = Mapping[str, NDArray[np.floating]]


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of processors: the required flag, and the missing features."""

    name: str
    needs: str
    without: list[str]


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All kinds, most features first, and the place of each feature in CPUID."""

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
    """Measure engines on each kind of processors that this machine can imitate."""
    print(processors(measured(data)))  # noqa: T201


def processors(measurements: Mapping[str, Processor]) -> str:
    """Return a Markdown table with a row per kind; rates also relative to the first row."""
    first = next(iter(measurements.values())).rates
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
                        f"{kind.rates[engine]:,.0f} ({kind.rates[engine] / first[engine]:.2f} ×)",
                        f"{kind.accuracies[engine]:.4f}",
                    )
                ),
                f"{kind.other_labels} of {kind.answers:,}",
                f"{kind.difference:.0e}",
            )
            for name, kind in measurements.items()
        ),
    )


def measured(data: Path) -> dict[str, Processor]:
    """Measure all kinds, most features first, and compare each with the first.

    Raises OSError or subprocess.CalledProcessError if a kind cannot be imitated.
    """
    known = msgspec.yaml.decode(
        files("evaluation").joinpath("processors.yaml").read_bytes(), type=Kinds
    )
    flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    results: dict[str, Answers] = {}
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
                    results[kind.name] = dict(arrays)
    first = next(iter(results.values()))
    return {name: _compared(answers, first) for name, answers in results.items()}


def read(data: str, out: str) -> None:
    """Write the answers and rates of engines in this process, and the true labels."""
    sets = load(origins(), Path(data), _SEED).values()
    texts = [text for labelled in sets for text in labelled.texts[:_READ]]
    by_language = of_tweet_length(Path(data), _SEED)
    tweets = [tweet for tweets in by_language.values() for tweet in tweets[:_TIMED]]
    tweets = sample(tweets, len(tweets), _SEED)
    arrays = {"labels": np.concatenate([labelled.labels[:_READ] for labelled in sets])}
    for name in ENGINES:
        engine = load_engine(name)
        arrays[name] = engine.probabilities(texts)
        arrays[f"{name} rate"] = np.array(rate(engine, tweets, _SEED).value)
    np.savez(out, **arrays)  # type: ignore[arg-type]  # none of them is called allow_pickle


def _compared(answers: Answers, first: Answers) -> Processor:
    labels = {name: answers[name].argmax(axis=1) for name in ENGINES}
    others = {name: first[name].argmax(axis=1) for name in ENGINES}
    return Processor(
        rates={name: float(answers[f"{name} rate"]) for name in ENGINES},
        accuracies={name: float((labels[name] == answers["labels"]).mean()) for name in ENGINES},
        answers=sum(map(len, labels.values())),
        other_labels=sum(int((labels[name] != others[name]).sum()) for name in ENGINES),
        difference=max(float(abs(answers[name] - first[name]).mean()) for name in ENGINES),
    )


if __name__ == "__main__":
    typer.run(main)
