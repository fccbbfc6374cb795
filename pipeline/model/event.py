"""An event: what a customer did or said, in the envelope that every source is mapped to.

The structs are the contract; the JSON Schemas in `schemas/` are generated from them.
"""

import operator
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from pipeline.model.event_types import EventType
from pipeline.model.open_enum import OpenEnum

MAX_TEXT = 20_000
"""Maximum length of `text`, in characters."""

Identifier = Annotated[str, Meta(min_length=1, max_length=200)]
ShortText = Annotated[str, Meta(max_length=200)]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset")]


class AuthorType(OpenEnum):
    """The author of an event. Only texts by customers count as their sentiment."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class Metric(OpenEnum):
    """The question that a score answers."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    RATING = "rating"


SCALES: Mapping[Metric, tuple[float, float]] = {
    Metric.NPS: (0, 10),
    Metric.CSAT: (1, 5),
    Metric.CES: (1, 7),
}
"""The only scale of each metric, since scores on different scales cannot be combined."""
USUAL_SCALES: Mapping[str, tuple[float, float]] = {
    **{str(metric): scale for metric, scale in SCALES.items()},
    Metric.RATING: (1, 5),
}
"""The same, with the usual scale of ratings."""

_COMPARISONS = {">=": operator.ge, "<=": operator.le, "<": operator.lt}


class Band(NamedTuple):
    """The scores at an end of a scale; every value is in a band or between them."""

    comparison: Literal[">=", "<=", "<"]
    limit: float

    def holds(self, value: float) -> bool:
        """Return whether a score is in the band."""
        return bool(_COMPARISONS[self.comparison](value, self.limit))


GOOD: Mapping[Metric, Band] = {
    Metric.NPS: Band(">=", 9),
    Metric.CSAT: Band(">=", 4),
    Metric.CES: Band(">=", 5),
}
BAD: Mapping[Metric, Band] = {
    Metric.NPS: Band("<", 7),
    Metric.CSAT: Band("<=", 2),
    Metric.CES: Band("<=", 2),
}
"""The bands of each metric, for Python and for the SQL of KPIs (`{good.nps}`)."""


class Score(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=False):
    """An answer on a numeric scale; `scale_min <= value <= scale_max`."""

    metric: Metric
    value: float
    scale_min: float
    scale_max: float

    @property
    def is_good(self) -> bool:
        """Whether the score is good: NPS 9+, CSAT 4+, CES 5+, the best quarter of a rating.

        False for the metric of a newer version, since it is unknown which end is good.
        """
        # A rating has no fixed scale: its best quarter is good, from 4 on 1-5.
        quarter = Band(">=", self.scale_min + 0.75 * (self.scale_max - self.scale_min))
        return self.metric.is_known and GOOD.get(self.metric, quarter).holds(self.value)

    @property
    def is_bad(self) -> bool:
        """Whether the score is bad: NPS below 7, CSAT and CES 1-2, the worst quarter of ratings."""
        quarter = Band("<=", self.scale_min + 0.25 * (self.scale_max - self.scale_min))
        return self.metric.is_known and BAD.get(self.metric, quarter).holds(self.value)


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An event of a customer, identified by `event_id`; a higher `revision` replaces a lower one.

    A `revoked` event did not happen.
    """

    event_id: Identifier
    occurred_at: Moment
    customer_id: Identifier
    channel: Annotated[str, Meta(min_length=1, max_length=50)]
    type: EventType
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    text: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None
    title: Annotated[str, Meta(max_length=1_000)] | None = None
    language: ShortText | None = None
    score: Score | None = None
    touchpoint: ShortText | None = None
    ticket_id: ShortText | None = None
    order_id: ShortText | None = None
    product: ShortText | None = None
    segment: ShortText | None = None
    account_id: ShortText | None = None
    brand: ShortText | None = None
    source: ShortText | None = None
    author_type: AuthorType = AuthorType.CUSTOMER
    attributes: dict[str, str | int | float | bool | None] = {}
    revoked: bool = False
