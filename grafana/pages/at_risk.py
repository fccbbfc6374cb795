"""The dashboard of customers at risk: who waits for a call, since when, and their history."""

from collections.abc import Mapping

from grafana.looks import HIDDEN, NUMBER, TIME, WIDE, Looks, chosen, decimal, link
from grafana.page import FILTERS, Page
from pipeline.common.languages import Language

BOARD = "http://127.0.0.1:8089/board"
"""Default address of the board."""

KEPT = (*FILTERS, "language", "enough", "board")
"""Variables that keep their values when the reader chooses a customer."""

COUNT: Looks = {
    **NUMBER,
    "custom.cellOptions": {"type": "color-background", "mode": "basic"},
    "color": {"mode": "continuous-BlYlRd"},
    "min": 0,
}
COLOURS = {"critical": "red", "high": "orange", "medium": "yellow", "low": "blue"}
LABELS = {"negative": "red", "neutral": "text", "positive": "green"}
STAGES = {
    "open": "red",
    "acknowledged": "orange",
    "contacted": "blue",
    "resolved": "green",
    "expired": "text",
}
OVERDUE: Looks = {
    "unit": "s",
    "custom.width": 130,
    "custom.cellOptions": {"type": "color-text"},
    "color": {"mode": "thresholds"},
    "thresholds": {
        "mode": "absolute",
        "steps": [
            {"value": None, "color": "red"},
            {"value": 0, "color": "orange"},
            {"value": 3_600, "color": "text"},
        ],
    },
}


def page(language: Language) -> Page:
    """Lay out the dashboard."""
    page = Page("at-risk", language)
    page.filters()
    page.typed("customer")
    page.typed("board", BOARD)
    severities = _worded(page, COLOURS)
    page.row("waiting")
    page.number("open_alerts", width=4)
    page.number("unowned", width=4)
    page.number("overdue", width=4)
    page.number("loop_closure", width=3, digits=1)
    page.number("time_to_contact_median", width=3, digits=1)
    page.number("nobody_came", width=3, digits=1)
    page.number("negative_customers", width=3, digits=1)
    ages = dict.fromkeys(("under_1_hour", "under_4_hours", "under_a_day", "older"), COUNT)
    page.table("alerts_by_age", {"severity": severities, **ages}, height=7)
    causes = {"title": WIDE, "alerts": NUMBER, "customers": NUMBER, "unowned_ones": NUMBER}
    page.table("alerts_by_cause", causes, height=7)
    page.row("who")
    page.table("at_risk", _alerts(page, severities), width=24, height=14)
    page.row("one_customer")
    page.table("timeline", _timeline(page), width=24, height=14)
    return page


def _worded(page: Page, colours: Mapping[str, str]) -> Looks:
    return chosen({value: (page.word(value), colour) for value, colour in colours.items()})


def _alerts(page: Page, severities: Looks) -> Mapping[str, Looks]:
    who = "${__data.fields.customer_id:percentencode}"
    parameters = "&".join(f"${{{name}:queryparam}}" for name in KEPT)
    there = f"/d/{page.uid}?var-customer={who}&{parameters}&${{__url_time_range}}"
    customer = f"${{board}}/customers?id={who}"
    alert = "${board}/alerts/${__data.fields.alert_id:percentencode}"
    return {
        "severity": severities,
        "risk": decimal(2),
        "customer_id": {
            "links": [
                link(page.word("see_timeline"), there, aside=False),
                link(page.word("on_the_board"), customer),
            ]
        },
        "title": {**WIDE, "links": [link(page.word("on_the_board"), alert)]},
        "quote": {"custom.minWidth": 260},
        "age": {"unit": "s", "custom.width": 100},
        "due_in": OVERDUE,
        "stage_shown": _worded(page, STAGES),
        "owner": {},
        "channel_shown": {},
        "brand": {},
        "segment": {},
        "alert_id": HIDDEN,
    }


def _timeline(page: Page) -> Mapping[str, Looks]:
    return {
        "time": TIME,
        "customer_id": NUMBER,
        "what": {"custom.width": 190},
        "channel_shown": NUMBER,
        "words": {"custom.minWidth": 400, "custom.cellOptions": {"type": "auto", "wrapText": True}},
        "label": _worded(page, LABELS | COLOURS),
        "score_shown": NUMBER,
        "by": NUMBER,
    }
