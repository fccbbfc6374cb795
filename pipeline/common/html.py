"""Renders templates to HTML, escaping all values."""

from collections.abc import Mapping
from functools import cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.common.plain_text import cut as cut_at
from pipeline.common.plain_text import plain


def cut(text: str, length: int) -> str:
    """Return an untrusted text for display, truncated to `length` characters."""
    return cut_at(plain(text), length)


def render(package: str, template: str, values: Mapping[str, object]) -> str:
    """Fill in a template of a package: a file in its folder `templates`."""
    return _environment(package).get_template(template).render(values)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        cut=cut,
        plain=plain,
        json=lambda value: msgspec.json.encode(value).decode(),
    )
    return environment
