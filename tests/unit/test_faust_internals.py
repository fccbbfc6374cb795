"""Private parts of Faust and aiokafka: used in one file, and looked for before a role starts."""

import ast
from importlib.metadata import version
from pathlib import Path

import pytest
from aiokafka.consumer.fetcher import Fetcher
from faust.transport.consumer import Consumer

import agents
from agents.runtime import faust_internals
from agents.runtime.app import make_app
from agents.runtime.batching import Batching
from agents.runtime.faust_check import UnfitFaust
from agents.runtime.faust_internals import CONNECTION_WRITES, INTERNALS
from pipeline.cli.exit_codes import exit_code
from pipeline.config.settings import Settings

ONLY = Path(faust_internals.__file__)
SOURCES = sorted(Path(agents.__file__).parent.rglob("*.py"))
LISTED = {name for names in INTERNALS.values() for name in names if name.startswith("_")}


def foreign_names(source: Path) -> set[str]:
    """Private names that a file reaches or overrides and does not make itself."""
    nodes = [*ast.walk(ast.parse(source.read_text(encoding="utf-8")))]
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    functions = {
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    set_on_self = {
        node.attr
        for node in attributes
        if isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    names = {node.attr for node in attributes} | functions
    private = {name for name in names if name.startswith("_") and not name.startswith("__")}
    documented = {"_exit", "_replace"}  # of os, of named tuples
    return (private - functions - set_on_self - documented) | (private & LISTED)


def test_what_is_private_is_used_in_one_file_and_all_of_that_is_looked_for() -> None:
    used = {source: found for source in SOURCES if (found := foreign_names(source))}
    assert used == {ONLY: LISTED - {*CONNECTION_WRITES}}


def refusal(tmp_path: Path) -> str:
    with pytest.raises(UnfitFaust) as refused:
        make_app("detect", Settings(data=tmp_path), Batching(fetch=1, size=1))
    assert exit_code(refused.value) == 2
    return str(refused.value)


def test_a_hook_that_faust_has_no_more_keeps_a_role_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Consumer, "_new_offset")
    assert f"Consumer._new_offset of faust-streaming {version('faust-streaming')}" in refusal(
        tmp_path
    )


def test_a_field_that_the_client_has_no_more_keeps_a_role_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_other_names(self: Fetcher) -> None:
        self._fetch_min_bytes = self._fetch_max_wait_ms = self._fetcher_timeout = 0

    monkeypatch.setattr(Fetcher, "__init__", with_other_names)
    assert refusal(tmp_path).startswith(
        f"a part that Nabız uses is missing: Fetcher._records of aiokafka {version('aiokafka')}. "
    )
