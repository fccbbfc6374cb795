"""Selects what the inbox shows, by a view and filters in the URL."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import urlencode

import msgspec

from pipeline.board.inbox.item import InboxItem

View = Literal["todo", "danger", "mine", "snoozed", "inform", "done"]
VIEWS: tuple[View, ...] = get_args(View)
OPTIONS = ("cause", "brand", "channel")
"""Filters whose possible values are those of the alerts."""
FILTERS = ("severity", "stage", *OPTIONS)

PAGE = 50
"""Cases that a page shows initially."""
MOST = 500
"""Most cases that a page shows."""


class InboxQuery(msgspec.Struct, frozen=True):
    """A view and its filters; "" does not filter."""

    view: View = "todo"
    severity: str = ""
    stage: str = ""
    cause: str = ""
    brand: str = ""
    channel: str = ""
    limit: int = PAGE

    def address(self, **changes: object) -> str:
        """Return the query string of this query with `changes`."""
        default = InboxQuery()
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        return urlencode(
            {name: value for name, value in fields.items() if value != getattr(default, name)}
        )

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return any(getattr(self, name) for name in FILTERS)


def query_of(parameters: Mapping[str, str]) -> InboxQuery:
    """Parse the parameters of a URL; unknown ones are ignored."""
    view = parameters.get("view", "")
    limit = parameters.get("limit", "")
    return InboxQuery(
        view=next((known for known in VIEWS if known == view), "todo"),
        limit=min(MOST, max(PAGE, int(limit))) if limit.isdecimal() and len(limit) < 9 else PAGE,
        **{name: parameters.get(name, "") for name in FILTERS},
    )


def views_of(item: InboxItem, user: str, now: datetime) -> set[View]:
    """Return this user's views that contain an item."""
    views: set[View] = set()
    if item.ended:
        views.add("done")
        if item.to_inform:
            views.add("inform")
    else:
        views.add("snoozed" if item.snoozed(now) else "todo")
        if item.in_danger:
            views.add("danger")
    if item.owner == user and (not item.ended or "inform" in views):
        views.add("mine")
    return views


def matches(item: InboxItem, query: InboxQuery) -> bool:
    """Return whether an item passes all filters."""
    return (
        query.severity in ("", item.severity)
        and query.stage in ("", item.stage)
        and all(getattr(query, name) in ("", *values_of(item, name)) for name in OPTIONS)
    )


def values_of(item: InboxItem, name: str) -> set[str]:
    """Return the values of the alerts of an item that a filter can choose."""
    return {getattr(alert, name) or "" for alert in item.alerts}


class Selection(msgspec.Struct, frozen=True):
    """The shown items in order, the total, and the number in each view."""

    shown: list[InboxItem]
    total: int
    counts: dict[View, int]
    options: dict[str, list[str]]


def select(items: Iterable[InboxItem], query: InboxQuery, user: str, now: datetime) -> Selection:
    """Select among ranked items; the counts of the views ignore filters.

    `options` are the possible values of filters: those in the view, and the current ones.
    """
    chosen: list[InboxItem] = []
    counts: dict[View, int] = dict.fromkeys(VIEWS, 0)
    options: dict[str, set[str]] = {name: {getattr(query, name)} for name in OPTIONS}
    for item in items:
        views = views_of(item, user, now)
        for view in views:
            counts[view] += 1
        if query.view in views:
            for name, values in options.items():
                values |= values_of(item, name)
            if matches(item, query):
                chosen.append(item)
    return Selection(
        shown=chosen[: query.limit],
        total=len(chosen),
        counts=counts,
        options={name: sorted(values - {""}) for name, values in options.items()},
    )
