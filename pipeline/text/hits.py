"""What the phrases of the lexicons find in a batch, for heads to weigh."""

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.text import intensity, intents, topics, urgency
from pipeline.text.phrases import Phrases, Words

LEXICONS: Final[Mapping[str, Phrases]] = {
    "intent": intents.PHRASES,
    "act": intents.ACTS,
    "topic": topics.PHRASES,
    "urgency": urgency.PHRASES,
    "mood": intensity.PHRASES,
}


def find_hits(words: Words) -> Iterator[tuple[str, int]]:
    """Yield `LEXICON:NAME` and the place in the batch of each phrase, lexicon by lexicon."""
    for lexicon, phrases in LEXICONS.items():
        for name, start, _ in phrases.find(words, overlapping=True):
            yield f"{lexicon}:{name}", start
