"""YAML files that a company may set, read into structs: `desk/`, the topics of `schemas/`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

T = TypeVar("T")


class _Loader(yaml.SafeLoader):
    """Leaves dates to the form, which knows the field that they are in."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, like) for tag, like in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Report the place of an invalid value, as `!!int x`; raises ConstructorError."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError):
            reason = f"`{node.value!s:.50}` cannot be read"
            raise yaml.constructor.ConstructorError(None, None, reason, node.start_mark) from None


def read_form(path: Path, form: type[T], error: Callable[[str], Exception]) -> T:
    """Return the content of a file. Raises `error` with the file and the field in its text."""
    try:
        return msgspec.convert(yaml.load(path.read_bytes(), _Loader), form)
    except OSError as away:
        raise error(f"{path}: cannot be read ({away.strerror})") from None
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise error(f"{path}: the file, line {line}: {wrong.problem}") from None
    except yaml.YAMLError:
        raise error(f"{path}: the file: is no YAML in UTF-8") from None
    except RecursionError:
        raise error(f"{path}: the file: is nested too deeply") from None
    except msgspec.ValidationError as wrong:
        reason, _, where = str(wrong).partition(" - at `$.")
        raise error(f"{path}: {where.removesuffix('`') or 'the file'}: {reason}") from None
