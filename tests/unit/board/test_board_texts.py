"""The texts of the board, in both languages."""

import re

from jinja2 import Environment, PackageLoader, nodes

from pipeline.board.localizer import texts


def test_both_languages_say_everything_with_the_same_values() -> None:
    turkish, english = texts("tr"), texts("en")
    assert turkish.keys() == english.keys()
    for key in turkish:
        values = [sorted(re.findall(r"{(\w+)}", one[key])) for one in (turkish, english)]
        assert values[0] == values[1], key


def test_every_text_that_a_template_names_is_there() -> None:
    environment = Environment(loader=PackageLoader("pipeline.board"))
    named = set()
    for name in environment.list_templates():
        source = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        for call in environment.parse(source).find_all(nodes.Call):
            if getattr(call.node, "name", "") == "t" and isinstance(call.args[0], nodes.Const):
                named.add(call.args[0].value)
    assert len(named) > 40
    assert named <= texts("en").keys()
