"""The dashboard of growing complaints: topics, places and wording."""

from collections.abc import Mapping

from grafana.looks import BAD_SHARE, BALANCE, NUMBER, TIME, WIDE, Looks, decimal
from grafana.page import Page
from pipeline.common.languages import Language

BOTH = "{window_and_before}"
CHANGE: Looks = decimal(1)

TOPICS: Mapping[str, Looks] = {
    "topic_shown": WIDE,
    "mentions": NUMBER,
    "per_100": decimal(1),
    "per_100_before": decimal(1),
    "change": CHANGE,
    "change_low": CHANGE,
    "change_high": CHANGE,
    "verdict": WIDE,
}
SLICES: Mapping[str, Looks] = {
    "dimension_shown": {"custom.width": 170},
    "slice_shown": WIDE,
    "net_sentiment": BALANCE,
    "change": CHANGE,
    "change_low": CHANGE,
    "change_high": CHANGE,
    "texts": NUMBER,
    "verdict": WIDE,
}
QUOTES: Mapping[str, Looks] = {
    "time": TIME,
    "topic_shown": {"custom.width": 190},
    "quote": {"custom.minWidth": 400, "custom.cellOptions": {"type": "auto", "wrapText": True}},
    "channel_shown": NUMBER,
    "brand": NUMBER,
    "intensity": decimal(2),
}
FRICTION: Mapping[str, Looks] = {
    "touchpoint_shown": WIDE,
    "customers": NUMBER,
    "stuck_share": BAD_SHARE,
    "asking_share": BAD_SHARE,
    "contacts_each": decimal(1),
    "negative_texts": BAD_SHARE,
    "complaints": NUMBER,
}
OFTEN: Mapping[str, Looks] = {"times": {}, "customers": NUMBER, "several_channels": NUMBER}


def page(language: Language) -> Page:
    """Lay out the dashboard."""
    page = Page("hurts", language, since="now-7d")
    page.filters()
    page.incidents()
    page.row("topics")
    page.table("topics_growing", TOPICS, height=12, window=BOTH)
    page.table("worst_slices", SLICES, height=12, window=BOTH)
    page.table("quotes", QUOTES, width=24, height=12)
    page.row("friction")
    page.table("friction", FRICTION, width=24)
    page.row("effort")
    page.number("ces", width=4)
    page.number("repeated_contact", width=4, digits=1)
    page.table("contacts_each", OFTEN, width=6, height=8)
    page.trend("ces_trend", width=10)
    return page
