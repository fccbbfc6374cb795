"""Polls of a source that does not send: the next request, and the next page after an answer.

A question covers a span of time and may have several pages. Once all its pages were delivered,
the next one begins at its end, less the overlap; an interrupted question is repeated from its
beginning. Repetition is harmless: events have the ids of their things.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pipeline.common.durations import duration
from pipeline.connectors.connection import Connection
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope, texts_of
from pipeline.connectors.language.form import PollForm
from pipeline.connectors.outcome import Request

EVERY = "poll_every"
"""The setting of a connection that overrides the interval of the mapping."""


class Question(NamedTuple):
    """The request of a page of the entries from `since` until `until`.

    If `until` is before now, the next question follows at once. `part` is the part of the
    connection. The source names the next page by its `address`, or by a value, `page`.
    """

    since: datetime
    until: datetime
    part: Any = None
    page: Any = None
    address: str | None = None


class Page(NamedTuple):
    """A page of answers: its number of entries, and the next page, if any."""

    entries: int
    next: Question | None


class Poll:
    """A compiled poll of a mapping; pure."""

    def __init__(self, form: PollForm, compiler: Compiler, where: str) -> None:
        """Compile a poll. Raises MappingError."""
        if form.longest and duration(form.longest) <= duration(form.overlap):
            reason = "`longest` must be more than `overlap`, or no poll reaches new entries"
            raise compiler.source.error(f"{where}.longest", reason)
        own = Compiler(compiler.source)
        self.form = form
        self._each = own.expression(form.each, f"{where}.each") if form.each else None
        asked = own.knowing("since", "until", "page", "part")
        asked.address(form.url, f"{where}.url")  # notes where it leads to
        self._url = asked.required(form.url, f"{where}.url")
        self.needs = frozenset(path.keys[0] for path in own.paths if path.root == "connection")
        """Settings without which the source is not polled."""
        self.origins = own.origins
        self._query = asked.values(form.query, f"{where}.query")
        self._headers = asked.values(form.headers, f"{where}.headers")
        self._page = own.value(form.page, f"{where}.page")
        self._items = asked.expression(form.items, f"{where}.items")
        self._time = asked.knowing("item").value(form.time, f"{where}.time")
        self._next = asked.value(form.next, f"{where}.next")

    def every(self, connection: Connection) -> timedelta:
        """The time between two questions."""
        return duration(connection.settings.get(EVERY) or self.form.every)

    def parts(self, connection: Connection) -> list[Any]:
        """Return the parts that are polled on their own; a single None without parts."""
        if self._each is None:
            return [None]
        parts = self._each(_scope(connection))
        return parts if isinstance(parts, list) else [parts]

    def question(
        self, cursor: datetime | None, connection: Connection, part: Any, now: datetime
    ) -> Question:
        """Return the first page of the question to ask now; everything before `cursor` is known."""
        form = self.form
        since = cursor - duration(form.overlap) if cursor else now - duration(form.first)
        latest = since + duration(form.longest) if form.longest else now
        page = self._page(_scope(connection)) if self._page else None
        return Question(since, min(now, latest), part, page)

    def request(self, question: Question, connection: Connection) -> Request:
        """Return the request of a page. Raises ValueError if a setting cannot be read."""
        scope = _scope(connection, question)
        headers = texts_of(self._headers, scope)
        if question.address:
            return Request(question.address, headers, retried=False)
        url = self._url(scope)
        query = texts_of(self._query, scope)
        joint = "&" if "?" in str(url) else "?"
        address = f"{url}{joint}{urlencode(query)}" if query else str(url)
        return Request(address, headers, retried=False)

    def page(self, question: Question, body: Any, connection: Connection) -> Page:
        """Return the page of an answer. Raises ValueError if it cannot be read."""
        scope = _scope(connection, question, {"body": body})
        found = self._items(scope)
        items = found if isinstance(found, list) else []
        times = [time for item in items if (time := self._time_of(scope, item))]
        is_old = self.form.newest_first and min(times, default=question.since) < question.since
        following = None if is_old or not items else self._following(question, scope)
        return Page(len(items), following)

    def _time_of(self, scope: Scope, item: Any) -> datetime | None:
        try:
            value = self._time(scope.with_name("item", item)) if self._time else None
        except ValueError:  # the mapping refuses the entry, its neighbours count
            return None
        return value if isinstance(value, datetime) else None

    def _following(self, question: Question, scope: Scope) -> Question | None:
        value = self._next(scope) if self._next else None
        if value in (None, "", question.page, question.address):
            return None
        if isinstance(value, str) and value.startswith(("https://", "http://")):
            return question._replace(address=value)
        return question._replace(page=value)


def _scope(
    connection: Connection, question: Question | None = None, names: Mapping[str, Any] | None = None
) -> Scope:
    asked = {} if question is None else question._asdict()
    return Scope({**connection.names, **asked, **(names or {})})
