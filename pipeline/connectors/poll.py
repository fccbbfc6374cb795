"""Asks a source that does not send: which request comes next, and what an answer leads to.

A question covers a span of time and may have several pages. Once all its pages were delivered, the
cursor moves to its end; a question that was cut short is asked again from its beginning, which is
harmless, since events have the ids of their things.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pipeline.common.durations import duration
from pipeline.connectors.compiler import Compiler
from pipeline.connectors.connection import Connection
from pipeline.connectors.expression import Scope
from pipeline.connectors.form import PollForm
from pipeline.connectors.outcome import Request
from pipeline.model.dead_letter import Invalid, Reason


class Question(NamedTuple):
    """A page that a source is asked for: of what came from `since` until `until`.

    `address` is where the page is, where the source says so; `page` is what it calls it otherwise.
    """

    since: datetime
    until: datetime
    page: Any = None
    address: str | None = None


class Page(NamedTuple):
    """What an answer leads to: the next page of the question, None where it was the last.

    `entries` is how many are on it, `newest` the time of the newest.
    """

    entries: int
    newest: datetime | None
    next: Question | None


class Poll:
    """A compiled poll of a mapping; pure."""

    def __init__(self, form: PollForm, compiler: Compiler, where: str) -> None:
        """Compile a poll. Raises MappingError."""
        asked = compiler.knowing("since", "until", "page")
        self.form = form
        self._url = asked.required(form.url, f"{where}.url")
        self._query = asked.values(form.query, f"{where}.query")
        self._headers = asked.values(form.headers, f"{where}.headers")
        self._page = compiler.value(form.page, f"{where}.page")
        self._items = asked.expression(form.items, f"{where}.items")
        self._time = asked.knowing("item").value(form.time, f"{where}.time")
        self._next = asked.value(form.next, f"{where}.next")

    @property
    def every(self) -> timedelta:
        """How long after a question the next one comes."""
        return duration(self.form.every)

    def question(self, cursor: datetime | None, connection: Connection, now: datetime) -> Question:
        """Return the first page of what to ask now; `cursor` is up to where all is known."""
        form = self.form
        since = cursor - duration(form.overlap) if cursor else now - duration(form.first)
        latest = since + duration(form.longest) if form.longest else now
        page = self._page(_scope(connection)) if self._page else None
        return Question(since, min(now, latest), page)

    def request(self, question: Question, connection: Connection) -> Request:
        """Return the request of a page. Raises Invalid where the connection lacks a setting."""
        scope = _scope(connection, question)
        headers = tuple(
            (name, str(value(scope))) for name, value in self._headers if value(scope) is not None
        )
        if question.address:
            return Request(question.address, headers)
        if not (url := self._url(scope)):
            raise Invalid(Reason.MISSING_FIELD, "The address of the source needs a setting.")
        query = {name: value(scope) for name, value in self._query}
        query = {name: value for name, value in query.items() if value is not None}
        joint = "&" if "?" in str(url) else "?"
        return Request(f"{url}{joint}{urlencode(query)}" if query else str(url), headers)

    def page(self, question: Question, body: Any, connection: Connection) -> Page:
        """Return what the answer to a question leads to. Raises ValueError for one of no shape."""
        scope = _scope(connection, question, {"body": body})
        items = self._items(scope) or []
        times = [time for item in items if (time := self._time_of(scope, item))]
        newest, oldest = max(times, default=None), min(times, default=None)
        ended = self.form.newest_first and oldest is not None and oldest < question.since
        following = None if ended or not items else self._following(question, scope)
        return Page(len(items), newest, following)

    def cursor(self, question: Question, newest: datetime | None) -> datetime:
        """Return up to where all is known after the last page of a question.

        Where entries have no time of their own, that is the end of the question.
        """
        return (
            question.until if self._time is None or newest is None else min(newest, question.until)
        )

    def is_behind(self, question: Question, now: datetime) -> bool:
        """Return whether a question ended before now, so that the next one is due at once."""
        return self.form.longest is not None and question.until < now - duration(self.form.overlap)

    def _time_of(self, scope: Scope, item: Any) -> datetime | None:
        value = self._time(scope.with_name("item", item)) if self._time else None
        return value if isinstance(value, datetime) else None

    def _following(self, question: Question, scope: Scope) -> Question | None:
        value = self._next(scope) if self._next else None
        if value in (None, "", question.page):
            return None
        if isinstance(value, str) and value.startswith("https://"):
            return None if value == question.address else question._replace(address=value)
        return question._replace(page=value)


def _scope(
    connection: Connection, question: Question | None = None, names: Mapping[str, Any] | None = None
) -> Scope:
    asked = {} if question is None else question._asdict()
    return Scope(
        {"connection": connection.settings, "scope": connection.scope, **asked, **(names or {})},
        lambda _kind, _key: None,
    )
