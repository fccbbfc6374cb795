"""What `strong` says of the texts that it was trained on, for `fast` to learn from.

python -m training.teacher --data DIR --out NPZ
"""

from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from pipeline.text.strong import StrongEngine
from training.data import sources
from training.fast import read

AT_MOST: Final = 12_000
"""Texts of a source."""
_BATCH: Final = 512


def rows_of(source: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the rows to ask about, at most AT_MOST of each source, in order."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(source))
    chosen = [shuffled[source[shuffled] == number][:AT_MOST] for number in np.unique(source)]
    return np.sort(np.concatenate(chosen))


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    out: Annotated[Path, typer.Option(help="File to write, .npz.")],
    threads: Annotated[int, typer.Option(help="Threads of the engine.")] = 2,
    seed: Annotated[int, typer.Option(help="The seed that `fast` will be trained with.")] = 1,
) -> None:
    """Write the numbers of the texts that were asked about, and (texts, 3) probabilities."""
    chosen = {name: one for name, one in sources().items() if not one.labelled}  # the last ones
    texts, _, source = read(data, chosen, seed)
    rows = rows_of(np.array(source), seed)
    engine = StrongEngine.load(threads=threads)
    pieces = range(0, len(rows), _BATCH)
    shares = [
        engine.probabilities([texts[row] for row in rows[first : first + _BATCH]])
        for first in track(pieces, "Reading", console=Console(stderr=True))
    ]
    np.savez_compressed(out, rows=rows, shares=np.concatenate(shares))


if __name__ == "__main__":
    typer.run(main)
