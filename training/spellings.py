"""How Turkish words are spelled that are often typed without Turkish letters.

    python -m training.spellings --data DIR

A word without its letters may stand for several ("on", "ön"). It is written down with the spelling
that most authors who type Turkish letters give it, where so many agree.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.text.spelling import MARKED, without_marks
from training.data import load, sources

AT_LEAST: Final = 5
"""Times that a word has to be there."""
AGREED: Final = 0.7
"""Share of these with one spelling."""
_WORD: Final = re.compile("[a-zçğıöşüâîû]{3,}")
_SKIPPED: Final = re.compile(r"(?:https?://|www\.)\S+|\w+\.\w+/\S+|\w*I\w*")  # an `I` may be either


def spellings(texts: Iterable[str]) -> list[str]:
    """Return the words that have Turkish letters nearly always, in order."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        small = _SKIPPED.sub(" ", text).replace("İ", "i").lower()
        if MARKED.search(small):
            for word in _WORD.findall(small):
                seen[without_marks(word)][word] += 1
    found = []
    for plain, ways in seen.items():
        word, times = ways.most_common(1)[0]
        every = ways.total()
        if word != plain and every >= AT_LEAST and times >= AGREED * every:
            found.append(word)
    return sorted(found)


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    out: Annotated[Path, typer.Option(help="Where to write the words.")] = Path(
        "pipeline/text/data/spellings.txt"
    ),
    seed: Annotated[int, typer.Option(help="Seed of the texts that are made up.")] = 1,
) -> None:
    """Write the words of all Turkish sources, one a line."""
    turkish = {name: one for name, one in sources().items() if name.startswith("tr_")}
    texts = (text for name, one in turkish.items() for text in load(name, one, data, seed)[0])
    out.write_text("\n".join(spellings(texts)) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
