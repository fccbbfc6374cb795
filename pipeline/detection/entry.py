"""An event as a customer's state remembers it: small, bounded, without its text."""

from datetime import datetime

import msgspec

from pipeline.event import AuthorType, Event, Metric
from pipeline.micros import to_micros
from pipeline.reading import Intent, Scored

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
"""Times are whole microseconds since 1970-01-01 UTC: exact, ordered, small."""

QUOTE = 200
"""Longest quote that is kept of a text, in characters."""
INTENTS = 8
"""Most intents that are kept of a text."""

_SENTENCE_ENDS = ".!?…\n"

_GOOD_FROM = {Metric.NPS: 9.0, Metric.CSAT: 4.0, Metric.CES: 5.0}

AttributeValue = str | float | bool


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A span `[start, end)` of a text, and what stands there; at most `QUOTE` characters."""

    start: int
    end: int
    quote: str


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A span of an event's text by its place; the log keeps what stands there."""

    event_id: str
    start: int
    end: int


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event and its reading as a customer's log keeps them: no text, bounded in size.

    `spans` are the most telling span of the text, then the span of each of the `intents`.
    """

    at: int
    event_id: str
    revision: int
    type: str
    channel: str
    author_type: str
    language: str = ""
    touchpoint: str = ""
    ticket_id: str = ""
    order_id: str = ""
    product: str = ""
    segment: str = ""
    account_id: str = ""
    brand: str = ""
    source: str = ""
    metric: str = ""
    score: float | None = None
    good_score: bool = False
    promised_at: int | None = None
    has_text: bool = False
    label: str = ""
    negative: float = 0.0
    positive: float = 0.0
    intensity: float = 0.0
    intents: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    attributes: dict[str, AttributeValue] = {}

    @property
    def topic(self) -> str:
        """What the event is about: touchpoint, else product, else ticket; "" if none is known."""
        return self.touchpoint or self.product or self.ticket_id

    def mark(self, names: frozenset[str] = frozenset()) -> Mark:
        """Return the place of the first intent among `names`, else of the most telling span."""
        chosen = self.spans[0]
        for name, span in zip(self.intents, self.spans[1:], strict=True):
            if name in names:
                chosen = span
                break
        return Mark(self.event_id, chosen.start, chosen.end)


def entry_of(scored: Scored, attributes: tuple[str, ...] = ()) -> Entry:
    """Return what the log keeps of an event; of its attributes only those named."""
    event, reading = scored.event, scored.reading
    text = event.text or ""
    intents = reading.intents[:INTENTS] if reading else ()
    spans = (_telling_span(text, intents), *[_span(text, i.start, i.end) for i in intents])
    # Only customers' words count as their sentiment.
    heard = reading if event.author_type is AuthorType.CUSTOMER else None
    return Entry(
        at=to_micros(event.occurred_at),
        event_id=event.event_id,
        revision=event.revision,
        type=event.type.value,
        channel=event.channel,
        author_type=event.author_type.value,
        language=event.language or (reading.language if reading else ""),
        touchpoint=event.touchpoint or "",
        ticket_id=event.ticket_id or "",
        order_id=event.order_id or "",
        product=event.product or "",
        segment=event.segment or "",
        account_id=event.account_id or "",
        brand=event.brand or "",
        source=event.source or "",
        metric=event.score.metric.value if event.score else "",
        score=event.score.value if event.score else None,
        good_score=_is_good(event),
        promised_at=_promise(event),
        has_text=bool(text),
        label=heard.label if heard else "",
        negative=heard.probabilities.negative if heard else 0.0,
        positive=heard.probabilities.positive if heard else 0.0,
        intensity=heard.intensity if heard else 0.0,
        intents=tuple([intent.name for intent in intents]) if heard else (),
        spans=spans if heard else spans[:1],
        attributes={
            name: value[:QUOTE] if isinstance(value, str) else value
            for name in attributes
            if (value := event.attributes.get(name)) is not None
        },
    )


def _span(text: str, start: int, end: int) -> Span:
    end = min(end, start + QUOTE)
    return Span(start, end, text[start:end])


def _telling_span(text: str, intents: tuple[Intent, ...]) -> Span:
    """Return the sentence of the first intent, or the start of the text; at most `QUOTE` long."""
    start, end = 0, len(text)
    if intents:
        start = max(text.rfind(mark, 0, intents[0].start) for mark in _SENTENCE_ENDS) + 1
        ends = [text.find(mark, intents[0].end) for mark in _SENTENCE_ENDS]
        end = min((found + 1 for found in ends if found >= 0), default=len(text))
        start = max(start, intents[0].end - QUOTE)
    start = end - len(text[start:end].lstrip())
    quote = text[start : min(end, start + QUOTE)].rstrip()
    return Span(start, start + len(quote), quote)


def _is_good(event: Event) -> bool:
    score = event.score
    if score is None:
        return False
    # A rating has no scale of its own: the best quarter of it is good, 4 of 1-5.
    quarter = score.scale_min + 0.75 * (score.scale_max - score.scale_min)
    return score.value >= _GOOD_FROM.get(score.metric, quarter)


def _promise(event: Event) -> int | None:
    """Return `attributes.promised_at`, None if it is absent or no RFC 3339 time with offset."""
    text = event.attributes.get("promised_at")
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_micros(moment) if moment.tzinfo else None
