"""Asks a source that does not send: which request comes next, and what an answer leads to.

A question covers a span of time and may have several pages. Once all its pages were delivered, all
is known up to its end, and the next one begins there, less the overlap; a question that was cut
short is asked again from its beginning. What is told twice is harmless: events have the ids of
their things.
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
"""The setting of a connection that says how often it is asked, in place of the mapping."""


class Question(NamedTuple):
    """A page that a source is asked for: of what came from `since` until `until`.

    Where `until` is before now, more is to be asked at once. `part` is which part of the connection
    is asked for. `address` is where the page is, where the source says so; `page` is what it calls
    it otherwise.
    """

    since: datetime
    until: datetime
    part: Any = None
    page: Any = None
    address: str | None = None


class Page(NamedTuple):
    """What an answer is: how many entries, and the next page of the question, if there is one."""

    entries: int
    next: Question | None


class Poll:
    """A compiled poll of a mapping; pure."""

    def __init__(self, form: PollForm, compiler: Compiler, where: str) -> None:
        """Compile a poll. Raises MappingError."""
        if form.longest and duration(form.longest) <= duration(form.overlap):
            reason = "`longest` must be more than `overlap`, or nothing new is ever asked for"
            raise compiler.source.error(f"{where}.longest", reason)
        own = Compiler(compiler.source)
        self.form = form
        self._each = own.expression(form.each, f"{where}.each") if form.each else None
        asked = own.knowing("since", "until", "page", "part")
        asked.address(form.url, f"{where}.url")  # notes where it leads to
        self._url = asked.required(form.url, f"{where}.url")
        self.needs = frozenset(path.keys[0] for path in own.paths if path.root == "connection")
        """Settings without which it is not asked."""
        self.origins = own.origins
        self._query = asked.values(form.query, f"{where}.query")
        self._headers = asked.values(form.headers, f"{where}.headers")
        self._page = own.value(form.page, f"{where}.page")
        self._items = asked.expression(form.items, f"{where}.items")
        self._time = asked.knowing("item").value(form.time, f"{where}.time")
        self._next = asked.value(form.next, f"{where}.next")

    def every(self, connection: Connection) -> timedelta:
        """How long after a question the next one comes."""
        return duration(connection.settings.get(EVERY) or self.form.every)

    def parts(self, connection: Connection) -> list[Any]:
        """Return the parts that are asked for on their own; one, None, where there are none."""
        if self._each is None:
            return [None]
        parts = self._each(_scope(connection))
        return parts if isinstance(parts, list) else [parts]

    def question(
        self, cursor: datetime | None, connection: Connection, part: Any, now: datetime
    ) -> Question:
        """Return the first page of what to ask now; `cursor` is up to where all is known."""
        form = self.form
        since = cursor - duration(form.overlap) if cursor else now - duration(form.first)
        latest = since + duration(form.longest) if form.longest else now
        page = self._page(_scope(connection)) if self._page else None
        return Question(since, min(now, latest), part, page)

    def request(self, question: Question, connection: Connection) -> Request:
        """Return the request of a page. Raises ValueError where a setting cannot be read."""
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
        """Return what the answer to a question is. Raises ValueError for one of no shape."""
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
