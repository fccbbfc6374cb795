"""Templates into HTML. All that is put in is escaped."""

from collections.abc import Mapping
from functools import cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.common.plain_text import cut as cut_at
from pipeline.common.plain_text import plain
from pipeline.model.alert import weightiest_quote


def cut(text: str, length: int) -> str:
    """Return a text of others for reading, its end left out beyond `length` characters."""
    return cut_at(plain(text), length)


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill a template in."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        cut=cut,
        plain=plain,
        quote=weightiest_quote,
        json=lambda value: msgspec.json.encode(value).decode(),
    )
    return environment
