"""The dashboard of customer experience now: levels, weak spots and trends."""

from collections.abc import Mapping

from grafana.looks import BAD_SHARE, BALANCE, NUMBER, SHARE, Looks
from grafana.page import FILTERS, Page
from pipeline.common.languages import Language
from pipeline.common.names import NAMES

SLICES: Mapping[str, Looks] = {
    "slice_shown": {},
    "nps": BALANCE,
    "csat": SHARE,
    "ces": SHARE,
    "net_sentiment": BALANCE,
    "negative_customers": BAD_SHARE,
    "complaints": NUMBER,
    "texts": NUMBER,
    "customers": NUMBER,
}


def page(language: Language) -> Page:
    """Lay out the dashboard."""
    page = Page("now", language)
    page.filters()
    page.incidents()
    page.row("headline")
    page.number("nps")
    page.number("csat")
    page.number("ces")
    page.number("net_sentiment")
    page.number("negative_customers", digits=1)
    page.number("complaint_rate", digits=1)
    page.number("first_response_median", digits=1)
    page.number("loop_closure", digits=1)
    page.row("trends")
    for name in ("nps", "csat", "net_sentiment", "negative_customers"):
        page.trend(f"{name}_trend")
    page.trend("first_response_median_trend")
    page.series("complaints_over_time", bars=True)
    page.row("slices")
    for name in FILTERS:
        page.table(
            f"by_{name}",
            SLICES,
            of="slices",
            dimension=name,
            folded_dimension=f"{{folded.{name}}}",
            slice_title=_title(name),
        )
    page.matrix("topics_by_channel", width=24, height=14, of="topics_crossed")
    page.matrix(
        "touchpoints_by_channel",
        of="crossed",
        down_title="{touchpoint_title}",
        across_title="{channel_title}",
    )
    page.matrix("segments_by_brand", of="crossed", down_title="segment", across_title="brand")
    return page


def _title(dimension: str) -> str:
    """Return the SQL of a slice's title."""
    if dimension not in NAMES:
        return "spelling"
    return f"transform(slice, {{{dimension}_names}}, {{{dimension}_titles}}, spelling)"
