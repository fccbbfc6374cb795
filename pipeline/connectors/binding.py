"""Binds names to parts of a delivery, from paths, look-ups and memories."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Expression, Scope, texts_of
from pipeline.connectors.language.form import Source, SourceForm
from pipeline.connectors.outcome import Draft, Fetched, Lacking, Request
from pipeline.model.dead_letter import Invalid, Reason


class Absent(Exception):  # noqa: N818 - an answer, not an error
    """A fetched resource does not exist; the message is the reason to ignore the thing."""


class Wanted(Exception):  # noqa: N818 - a request, not an error
    """The thing can be mapped only after a request."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.url)
        self.request = request


class _Choice(NamedTuple):
    """An expression; with `expands`, its value is a list of items."""

    value: Expression
    expands: bool

    def found(self, scope: Scope) -> list[Any]:
        """Return the items found, possibly none; a value that is no list is one item."""
        value = self.value(scope)
        if self.expands and isinstance(value, list):
            return [item for item in value if item is not None]
        return [] if value is None else [value]


class Binding:
    """A name, and the sources of its values."""

    def __init__(self, name: str, form: Source, compiler: Compiler, where: str) -> None:
        """Compile a source. Raises MappingError."""
        self.name = name
        source = form if isinstance(form, SourceForm) else SourceForm(path=form)
        if not source.path and not source.fetch:
            raise compiler.source.error(where, f"{where[2:]}: give `path` or `fetch`")
        paths = (source.path,) if isinstance(source.path, str) else source.path
        self._choices = [_choice(path, compiler, where) for path in paths if path]
        self._missing, self._absent = source.missing, source.absent
        self._url = compiler.address(source.fetch, f"{where}.fetch")
        self._headers = compiler.values(source.headers, f"{where}.headers")

    def values(self, scope: Scope, fetched: Fetched) -> list[Any]:
        """Return the values of the name. Raises Invalid, Wanted or Absent."""
        asked = len(scope.missed)
        for choice in self._choices:
            if found := choice.found(scope):
                return found
        if self._url is not None and (url := self._url(scope)):
            return [self._answer(url, scope, fetched)]
        if not self._choices:
            raise Invalid(Reason.MISSING_FIELD, f"`{self.name}` cannot be fetched: no address")
        if self._missing:
            raise Lacking(self._missing, scope.missed[asked:])
        return [] if self._choices[-1].expands else [None]

    def _answer(self, url: Any, scope: Scope, fetched: Fetched) -> Any:
        headers = texts_of(self._headers, scope)
        request = Request(str(url), headers, retried=self._absent == "retry")
        if request not in fetched:
            raise Wanted(request)
        if problem := fetched[request].problem:
            raise Invalid(Reason.LOOK_UP_FAILED, f"`{self.name}` cannot be looked up: {problem}.")
        if fetched[request].body is None:
            if request.retried:
                reason = f"`{self.name}`: nothing is at {request.url}, not even later"
                raise Invalid(Reason.MISSING_FIELD, reason)
            raise Absent(self._absent)
        return fetched[request].body


def _choice(text: str, compiler: Compiler, where: str) -> _Choice:
    text = text.strip()
    path = text.removesuffix("[]")
    if "|" not in text and re.search(r"\[\]|\{\}", path):
        path = text
    return _Choice(compiler.expression(path, where), text.endswith(("[]", "{}")))


NOTHING: Fetched = {}
"""Binding of a name that is not fetched."""


class Splitter:
    """Splits a scope into parts: one scope for each, with additional names."""

    def __init__(self, each: Mapping[str, Source], compiler: Compiler, where: str) -> None:
        """Compile the names in turn; each may read those before it. Raises MappingError."""
        bindings = []
        for name, source in each.items():
            bindings.append(Binding(name, source, compiler, f"{where}.{name}"))
            compiler = compiler.knowing(name)
        self._bindings = tuple(bindings)
        self.compiler = compiler
        """The vocabulary with the names of the parts."""

    def parts(
        self, scope: Scope, draft: Draft, fetched: Fetched = NOTHING, place: int = 0
    ) -> Iterator[Scope]:
        """Yield a scope for each part; the draft notes those that cannot be read."""
        names = dict(scope.names)
        part = Scope(names, scope.recall, scope.reached, scope.missed)
        for number, binding in enumerate(self._bindings[place:], start=place + 1):
            values = _told(binding, part, draft, fetched)
            if len(values) != 1:
                for value in values:
                    several = part.with_name(binding.name, value)
                    yield from self.parts(several, draft, fetched, number)
                return
            names[binding.name] = values[0]
        yield part


def _told(binding: Binding, scope: Scope, draft: Draft, fetched: Fetched) -> list[Any]:
    """Return the values of a name; if there are none, the draft notes why."""
    try:
        return binding.values(scope, fetched)
    except Wanted as wanted:
        draft.wanted.append(wanted.request)
    except Absent as absent:
        draft.ignored.append(str(absent))
    except Invalid as invalid:
        draft.refused.append(invalid)
    except ValueError as error:
        draft.refused.append(Invalid(Reason.WRONG_TYPE, f"`{binding.name}` {error}."))
    return []
