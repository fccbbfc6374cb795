"""Reads any number of texts, some at a time."""

from collections.abc import Sequence
from typing import Final

from pipeline.model.reading import Reading
from pipeline.text.reader import Reader

_BATCH: Final = 256


def read_all(
    reader: Reader,
    texts: Sequence[str],
    languages: Sequence[str | None],
    by_company: Sequence[bool] = (),
) -> list[Reading]:
    """Return a reading per text in order; see `Reader.read`."""
    batches = [slice(start, start + _BATCH) for start in range(0, len(texts), _BATCH)]
    return [
        reading
        for batch in batches
        for reading in reader.read(texts[batch], languages[batch], by_company=by_company[batch])
    ]
