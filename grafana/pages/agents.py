"""The dashboard of agents and channels: volume, speed of response, avoidable contacts.

It names nobody: agents are counted as a group, customers in groups of five or more.
"""

from collections.abc import Mapping

from grafana.looks import BAD_SHARE, NUMBER, SHARE, WIDE, Looks, decimal
from grafana.page import Page
from pipeline.common.languages import Language

MINUTES = decimal(1, "m")
RESPONSES: Mapping[str, Looks] = {
    "channel_shown": WIDE,
    "answered": NUMBER,
    "waiting": NUMBER,
    "median_minutes": MINUTES,
    "p90_minutes": MINUTES,
}
REPLIES: Mapping[str, Looks] = {
    "channel_shown": WIDE,
    "customers": NUMBER,
    "by_agents": NUMBER,
    "by_bots": NUMBER,
    "bot_share": SHARE,
    "reopened": NUMBER,
}
REASONS: Mapping[str, Looks] = {
    "topic_shown": WIDE,
    "calls": NUMBER,
    "customers": NUMBER,
    "share": BAD_SHARE,
}


def page(language: Language) -> Page:
    """Lay out the dashboard."""
    page = Page("agents", language)
    page.filters()
    page.incidents()
    page.row("volume")
    page.number("first_response_median", width=4, digits=1)
    page.number("self_service_rate", width=4, digits=1)
    page.number("avoidable_calls", width=4, digits=1)
    page.number("repeated_contact", width=4, digits=1)
    page.number("csat", width=4)
    page.number("complaint_rate", width=4, digits=1)
    page.series("contacts_by_channel", width=24, bars=True)
    page.row("answers")
    page.trend("first_response_median_trend")
    page.table("responses_by_channel", RESPONSES, height=8)
    page.table("replies_by_channel", REPLIES)
    page.series("call_waits", height=9, named=("median_wait", "p90_wait"))
    page.row("calls")
    page.table("call_reasons", REASONS, width=24)
    return page
