"""What the inbox shows: a view (who has to do what) and filters; both stand in the address."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import urlencode

import msgspec

from pipeline.board.inbox.item import InboxItem

View = Literal["todo", "mine", "snoozed", "inform", "done"]
VIEWS: tuple[View, ...] = get_args(View)
FILTERS = ("severity", "stage", "cause", "brand", "channel")

PAGE = 50
"""Alerts that a page shows at first."""
MOST = 500
"""Alerts that it shows at most."""


class InboxQuery(msgspec.Struct, frozen=True):
    """A view and the filters in force; "" filters nothing."""

    view: View = "todo"
    severity: str = ""
    stage: str = ""
    cause: str = ""
    brand: str = ""
    channel: str = ""
    limit: int = PAGE

    def address(self, **changes: object) -> str:
        """Return the query that asks for this, with some of it changed."""
        default = InboxQuery()
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        return urlencode(
            {name: value for name, value in fields.items() if value != getattr(default, name)}
        )

    @property
    def filtered(self) -> bool:
        """Whether any filter is in force."""
        return any(getattr(self, name) for name in FILTERS)


def query_of(parameters: Mapping[str, str]) -> InboxQuery:
    """Return what an address asks for; what it says that is unknown is passed over."""
    view = parameters.get("view", "")
    limit = parameters.get("limit", "")
    return InboxQuery(
        view=next((known for known in VIEWS if known == view), "todo"),
        limit=min(MOST, max(PAGE, int(limit))) if limit.isdecimal() and len(limit) < 9 else PAGE,
        **{name: parameters.get(name, "") for name in FILTERS},
    )


def views_of(item: InboxItem, user: str, now: datetime) -> set[View]:
    """Return the views of this user that an item is in."""
    views: set[View] = set()
    if item.ended:
        views.add("done")
        if item.to_inform:
            views.add("inform")
    else:
        views.add("snoozed" if item.snoozed(now) else "todo")
    if item.owner == user and (not item.ended or "inform" in views):
        views.add("mine")
    return views


def matches(item: InboxItem, query: InboxQuery) -> bool:
    """Return whether an item passes every filter."""
    alert = item.alert
    return (
        query.severity in ("", alert.severity)
        and query.stage in ("", item.stage)
        and query.cause in ("", alert.cause)
        and query.brand in ("", alert.brand)
        and query.channel in ("", alert.channel)
    )


class Selection(msgspec.Struct, frozen=True):
    """What of the inbox is shown, in order; how many there are in all, and in each view."""

    shown: list[InboxItem]
    total: int
    counts: dict[View, int]
    options: dict[str, list[str]]


def select(items: Iterable[InboxItem], query: InboxQuery, user: str, now: datetime) -> Selection:
    """Choose among ranked items. Counts are of the views without filters.

    `options` are what filters can be set to: what occurs in the view, and what is set now.
    """
    chosen: list[InboxItem] = []
    counts: dict[View, int] = dict.fromkeys(VIEWS, 0)
    options: dict[str, set[str]] = {name: {getattr(query, name)} for name in FILTERS[2:]}
    for item in items:
        views = views_of(item, user, now)
        for view in views:
            counts[view] += 1
        if query.view in views:
            for name, found in options.items():
                found.add(getattr(item.alert, name) or "")
            if matches(item, query):
                chosen.append(item)
    return Selection(
        shown=chosen[: query.limit],
        total=len(chosen),
        counts=counts,
        options={name: sorted(found - {""}) for name, found in options.items()},
    )
