"""Reads a batch of texts."""

import re
import time
from collections.abc import Sequence
from math import inf
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from pipeline.model.event import AuthorType, Event, Score
from pipeline.model.reading import (
    LABELS,
    Intent,
    Label,
    Passage,
    Probabilities,
    Promise,
    Reading,
    Topic,
)
from pipeline.text.automatic import is_automatic_title
from pipeline.text.clauses import Clauses, clauses_of
from pipeline.text.consistency import VERSION, is_questionable, with_stated_anger
from pipeline.text.dangers import find_parts
from pipeline.text.engine import Engine, FloatArray, Judged
from pipeline.text.heads import Said
from pipeline.text.hits import find_hits
from pipeline.text.intensity import Signs, anger_levels, intensities, signs_of
from pipeline.text.intents import find_acts, find_intents, sincere
from pipeline.text.language import detect
from pipeline.text.normalise import LINK, MENTION, PERSONAL, Folded, fold
from pipeline.text.own_words import OwnWords, hints_at_others, own_words
from pipeline.text.phrases import Matches, words_of
from pipeline.text.promises import find_promises
from pipeline.text.shown import (
    angry_levels,
    are_serious,
    intents_of,
    levels_of,
    mentions_of,
    traits_of,
)
from pipeline.text.telling import Judge, find_worst
from pipeline.text.told import told_dangers, with_dangers
from pipeline.text.topics import Span, find_mentions, find_topics
from pipeline.text.urgency import urgency_levels

Found = TypeVar("Found", Intent, Topic, Passage, Promise)
_SAYS_SOMETHING: Final = re.compile(rf"[^\W_{LINK}{MENTION}{PERSONAL}]")
_NOTHING_SAID: Final = (0.25, 0.5, 0.25)


class _Heard(NamedTuple):
    """Texts with what is the same whatever their polarity; `signs` as in `signs_of`.

    `intents` are the acts of a turn of the company, which alone has `promises`.
    """

    texts: Sequence[str]
    folded: Folded
    matches: Matches
    clauses: Clauses
    spans: Sequence[Span]
    said: Said
    languages: Sequence[str]
    signs: Signs
    intents: Sequence[tuple[Intent, ...]]
    hints: Sequence[tuple[Intent, ...]]
    promises: Sequence[tuple[Promise, ...]]
    danger_parts: Sequence[tuple[str, ...]]


class Reader:
    """Reads texts with a scoring engine. Thread-safe and total, as the engine is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_events(self, events: Sequence[Event], seconds: float = inf) -> list[Reading | None]:
        """Return a reading per event in order; None for an event without text. See `read`.

        An automatic reply is read as if it said nothing. A title is read for dangers alone: one
        there gives an event without a text a reading, too.
        """
        told = told_dangers(events)
        spoken = [event for place, event in enumerate(events) if event.text or told.get(place)]
        readings = iter(
            self.read(
                ["" if is_automatic_title(e.title) else e.text or "" for e in spoken],
                [event.language for event in spoken],
                [event.score for event in spoken],
                seconds,
                [event.author_type is not AuthorType.CUSTOMER for event in spoken],
            )
        )
        heard = [
            next(readings) if event.text or told.get(place) else None
            for place, event in enumerate(events)
        ]
        for place, dangers in told.items():
            if reading := heard[place]:
                heard[place] = with_dangers(reading, events[place], dangers)
        return heard

    def read(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None],
        scores: Sequence[Score | None] = (),
        seconds: float = inf,
        by_company: Sequence[bool] = (),
    ) -> list[Reading]:
        """Return a reading per text in order: of what its author wrote, with places in the whole.

        `scores` were given with the texts, if any were. `seconds` is how long an engine may take
        that can do with less; `Reading.hurried` says where it had to. Turns `by_company` are read
        for acts and promises, the customer's for intents; without it, all are the customer's.

        A language that is given (`tr`, `tr-TR`) wins over detection. A text without words or emoji
        (empty, only a link) is neutral with low certainty. Raises ValueError where the sequences
        differ in length.
        """
        texts, own = _own(texts)
        heard = _hear(self._engine, texts, languages, by_company)
        begin = time.monotonic()
        judged = self._judge(heard, scores, seconds)
        known, signs, rows = heard.languages, heard.signs, judged.probabilities.astype(float)
        labels = _labels(rows)
        intents = [sincere(*its) for its in zip(heard.intents, labels, strict=True)]
        hurried = list(judged.hurried)

        def of_clauses(clauses: Sequence[str], owners: Sequence[int]) -> list[Label]:
            left = max(0.0, seconds - (time.monotonic() - begin))
            said = self._engine.judge(clauses, None, [known[text] for text in owners], left)
            for text, is_hurried in zip(owners, said.hurried, strict=True):
                hurried[text] |= is_hurried
            return _labels(said.probabilities)

        found_topics = find_mentions(heard.matches, heard.clauses)
        mentions = mentions_of(found_topics, heard.spans, heard.said)
        topics = find_topics(texts, mentions, labels, of_clauses)
        worst = find_worst(texts, labels, _may_accuse(labels, scores), self._passages_of(known))
        versions = {engine: f"{engine.version}.{VERSION}" for engine in set(judged.by)}
        readings = [
            Reading(label, Probabilities(*row), force, language, by.name, versions[by], *found)
            for by, label, row, force, language, *found in zip(
                judged.by,
                labels,
                rows.tolist(),
                intensities(signs, rows).tolist(),
                known,
                intents,
                angry_levels(anger_levels(signs, rows), rows, heard.said).tolist(),
                np.maximum(
                    urgency_levels(heard.folded, heard.matches, intents, rows),
                    levels_of("urgency", heard.said),
                ).tolist(),
                topics,
                hurried,
                worst,
                heard.promises,
                heard.danger_parts,
                traits_of(heard.said),
                heard.hints,
                strict=True,
            )
        ]
        for number, words in own.items():
            readings[number] = _placed(readings[number], words)
        return readings

    def _passages_of(self, languages: Sequence[str]) -> Judge:
        """Return who judges passages of texts in these languages.

        In no time: which of them is the worst must not depend on the load.
        """

        def judge(passages: Sequence[str], owners: Sequence[int]) -> NDArray[np.floating]:
            known = [languages[text] for text in owners]
            return self._engine.judge(passages, None, known, 0.0).probabilities

        return judge

    def judge(self, texts: Sequence[str], languages: Sequence[str | None]) -> Judged:
        """Return the polarity that `read` would give, and its engine."""
        return self._judge(_hear(self._engine, _own(texts)[0], languages, ()), (), inf)

    def _judge(self, heard: _Heard, scores: Sequence[Score | None], seconds: float) -> Judged:
        texts, folded, languages, signs = heard.texts, heard.folded, heard.languages, heard.signs
        given = scores or [None] * len(texts)

        def question(rows: FloatArray) -> NDArray[np.bool_]:
            meant = [(*its, *more) for its, more in zip(heard.intents, heard.hints, strict=True)]
            return is_questionable(rows, signs, meant, given) | are_serious(heard.said)

        judged = self._engine.judge(texts, folded, languages, seconds, question)
        rows = _certain(judged.probabilities, folded, len(texts))
        return Judged(with_stated_anger(rows, signs, folded), judged.by, judged.hurried)


def _own(texts: Sequence[str]) -> tuple[Sequence[str], dict[int, OwnWords]]:
    """Return what the authors wrote, and by number of which texts that is not all."""
    own = {n: own_words(text) for n, text in enumerate(texts) if hints_at_others(text)}
    return [own[n].text if n in own else text for n, text in enumerate(texts)], own


def _placed(reading: Reading, words: OwnWords) -> Reading:
    """Return the reading of an author's words with its places in the whole text."""

    def moved(found: Found) -> Found:
        start, end = words.place(found.start, found.end)
        return replace(found, start=start, end=end)

    return replace(
        reading,
        intents=tuple(map(moved, reading.intents)),
        hints=tuple(map(moved, reading.hints)),
        topics=tuple(map(moved, reading.topics)),
        worst=reading.worst and moved(reading.worst),
        promises=tuple(map(moved, reading.promises)),
    )


def _hear(
    engine: Engine,
    texts: Sequence[str],
    languages: Sequence[str | None],
    by_company: Sequence[bool],
) -> _Heard:
    """Find what is the same whatever the polarity.

    Raises ValueError if the sequences differ in length.
    """
    if len(texts) != len(languages):
        raise ValueError(f"{len(texts)} texts, but {len(languages)} languages")
    folded = fold(texts)
    words = words_of(folded)
    matches, parts = Matches(words), find_parts(folded, words)
    company = np.array(by_company or [False] * len(texts), np.bool_)
    theirs = words.of(company[folded.owners(words.places)])
    of_company = Matches(theirs)
    intents = find_intents(folded, matches)
    promises: list[tuple[Promise, ...]] = [()] * len(texts)
    if any(by_company):
        promises = find_promises(folded, theirs)
        acts = find_acts(folded, of_company)
        intents = [
            its_acts if company else meant
            for company, its_acts, meant in zip(by_company, acts, intents, strict=True)
        ]
    clauses = clauses_of(folded, words)
    spans = clauses.spans(folded)
    said = engine.say(folded, clauses, find_hits(matches, of_company))
    shown = intents_of(intents, spans, said, by_company)
    return _Heard(
        *(texts, folded, matches, clauses, spans, said, _known(texts, languages)),
        *(signs_of(folded, matches), [one.intents for one in shown], [one.hints for one in shown]),
        promises,
        [parts.get(text, ()) for text in range(len(texts))],
    )


def _certain(probabilities: FloatArray, folded: Folded, texts: int) -> NDArray[np.float64]:
    """Return probabilities that sum to 1, near uniform for a text without evidence."""
    rows: NDArray[np.float64] = probabilities.astype(float)
    rows = (rows / rows.sum(axis=1, keepdims=True)).clip(0.0, 1.0)
    lines = folded.text.split("\n")[:texts]
    rows[[_SAYS_SOMETHING.search(line) is None for line in lines]] = _NOTHING_SAID
    return rows


def _may_accuse(labels: Sequence[Label], scores: Sequence[Score | None]) -> list[bool]:
    """Return for each text whether an alert may quote it: not if it is content, as its score is."""
    given = scores or [None] * len(labels)
    return [
        label != "positive" or (score is not None and score.is_bad)
        for label, score in zip(labels, given, strict=True)
    ]


def _labels(rows: NDArray[Any]) -> list[Label]:
    return [LABELS[label] for label in rows.argmax(axis=1).tolist()]


def _known(texts: Sequence[str], languages: Sequence[str | None]) -> list[str]:
    """Return the given languages, or the detected ones."""
    found = iter(detect([t for t, given in zip(texts, languages, strict=True) if not given]))
    return [_primary(given) if given else next(found) for given in languages]


def _primary(language: str) -> str:
    return language.strip().lower().replace("_", "-").partition("-")[0]
