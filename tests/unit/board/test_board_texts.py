"""The texts of the pages, in all languages."""

import re

import pytest
from jinja2 import Environment, PackageLoader, nodes

from pipeline.common.languages import LANGUAGES, texts

PACKAGES = {"pipeline.board": 40, "pipeline.access": 7}
"""What has pages, and how many texts its templates name at least."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_language_says_everything_with_the_same_values(package: str) -> None:
    first, *others = (texts(package, language) for language in LANGUAGES)
    for other in others:
        assert other.keys() == first.keys()
        for key in first:
            values = [sorted(re.findall(r"{(\w+)}", book[key])) for book in (first, other)]
            assert values[0] == values[1], key


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_that_a_template_names_is_there(package: str) -> None:
    environment = Environment(loader=PackageLoader(package))
    named = set()
    for name in environment.list_templates():
        source = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        for call in environment.parse(source).find_all(nodes.Call):
            if getattr(call.node, "name", "") == "t" and isinstance(call.args[0], nodes.Const):
                named.add(call.args[0].value)
    assert len(named) >= PACKAGES[package]
    assert named <= texts(package, "en").keys()
