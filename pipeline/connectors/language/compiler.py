"""Compiles the texts of a mapping file, and reports errors by line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.connectors.delivery import ROOTS
from pipeline.connectors.language.condition import Condition
from pipeline.connectors.language.expression import (
    Expression,
    ExpressionError,
    Scope,
    Value,
    Vocabulary,
    template,
)
from pipeline.connectors.language.form import Value as ValueForm
from pipeline.connectors.language.mapping_file import MappingSource
from pipeline.connectors.language.origins import BEGINNING, OF_OWNER
from pipeline.connectors.language.path import Path


class Compiler:
    """Compiles texts at a place in the file; `vocabulary` holds the names known there.

    `paths` collects where each path is, `needs` the settings without which a function cannot be,
    `columns` names of columns that are looked for, `origins` the beginnings of addresses that are
    asked.
    Every method raises MappingError.
    """

    def __init__(
        self, source: MappingSource, vocabulary: Vocabulary | None = None, parent: Any = None
    ) -> None:
        form = source.form
        self.source = source
        self.vocabulary = vocabulary or Vocabulary(ROOTS, form.tables, form.memories)
        self.paths: dict[Path, int] = parent.paths if parent else {}
        self.needs: set[str] = parent.needs if parent else set()
        self.columns: set[str] = parent.columns if parent else set()
        self.origins: list[Value] = parent.origins if parent else []

    def knowing(self, *names: str) -> "Compiler":
        """Return a compiler with additional names."""
        return Compiler(self.source, self.vocabulary.knowing(*names), self)

    def keys_of(self, root: str) -> frozenset[str]:
        """Return the keys of a name that are read."""
        return frozenset(path.keys[0] for path in self.paths if path.root == root and path.keys)

    def value(self, form: ValueForm, where: str) -> Value | None:
        """Compile a value, None if there is none."""
        if form is None:
            return None
        if isinstance(form, tuple):
            options = [self.value(option, f"{where}[{n}]") for n, option in enumerate(form)]
            return _first([option for option in options if option])
        if not isinstance(form, str):
            return lambda _: form
        return self._template(form, where)[0]

    def required(self, form: ValueForm, where: str) -> Value:
        """Compile a required value."""
        if (value := self.value(form, where)) is None:
            name = where.rpartition(".")[2]
            raise self.source.error(where, f"{where[2:]}: `{name}` is missing")
        return value

    def memory(self, kind: str, where: str) -> str:
        """Return a kind of memory, which the mapping must declare."""
        if kind not in self.vocabulary.memories:
            known = ", ".join(sorted(self.vocabulary.memories)) or "there is none"
            raise self.source.error(where, f"{where[2:]}: `{kind}` is none of `memories`: {known}")
        return kind

    def address(self, form: ValueForm, where: str) -> Value | None:
        """Compile an address to request, None if there is none; note its origins."""
        for text in form if isinstance(form, tuple) else (form,):
            if isinstance(text, str) and (beginning := BEGINNING.match(text)):
                value, expressions = self._template(beginning[0], where)
                if all(path.root in OF_OWNER for one in expressions for path in one.paths):
                    self.origins.append(value)
        return self.value(form, where)

    def values(self, forms: Mapping[str, ValueForm], where: str) -> tuple[tuple[str, Value], ...]:
        """Compile values by name, leaving out None."""
        named = ((name, self.value(form, f"{where}.{name}")) for name, form in forms.items())
        return tuple((name, value) for name, value in named if value)

    def expression(self, text: str, where: str) -> Expression:
        """Compile an expression without braces."""
        try:
            expression = Expression(text, self.vocabulary)
        except ExpressionError as error:
            raise self.source.error(where, f"{where[2:]}: {error}") from None
        self._note_expression(expression, where)
        return expression

    def condition(self, text: str | None, where: str) -> Condition | None:
        """Compile a condition, None if there is none."""
        if text is None:
            return None
        try:
            condition = Condition(text, self.vocabulary.roots)
        except ExpressionError as error:
            raise self.source.error(where, f"{where[2:]}: {error}") from None
        self._note(condition.paths, where)
        return condition

    def _template(self, text: str, where: str) -> tuple[Value, tuple[Expression, ...]]:
        try:
            value, expressions = template(text, self.vocabulary)
        except ExpressionError as error:
            raise self.source.error(where, f"{where[2:]}: {error}") from None
        for expression in expressions:
            self._note_expression(expression, where)
        return value, expressions

    def _note_expression(self, expression: Expression, where: str) -> None:
        self.needs.update(expression.needs)
        self.columns.update(expression.columns)
        self._note(expression.paths, where)

    def _note(self, paths: Iterable[Path], where: str) -> None:
        for path in paths:
            self.paths.setdefault(path, self.source.line(where))


def _first(options: Sequence[Value]) -> Value:
    def value(scope: Scope) -> Any:
        for option in options:
            if (found := option(scope)) is not None and found != "":
                return found
        return None

    return value
