"""What a process of one role imports: a container pays for its own role alone."""

import subprocess
import sys

import pytest

from agents.run import component_of
from pipeline.config.settings import STREAM_ROLES
from pipeline.contracts.topology import INPUTS, WITHIN

STORE, BOARD, TEXTS, CHANNELS = "pipeline.store", "litestar", "pipeline.text.reader", "apprise"


@pytest.mark.parametrize(
    ("role", "foreign"),
    [
        ("understand", {STORE, BOARD, CHANNELS}),
        ("triage", {STORE, BOARD, CHANNELS}),
        ("detect", {STORE, BOARD, CHANNELS, TEXTS}),
        ("follow_up", {STORE, BOARD, CHANNELS, TEXTS}),
        ("record", {BOARD, CHANNELS, TEXTS}),
        ("notify", {STORE, BOARD, TEXTS}),
    ],
)
def test_a_role_imports_nothing_that_only_others_need(role: str, foreign: set[str]) -> None:
    code = f"""
import sys, pipeline.cli.worker, agents.run, agents.{role}
print(sorted({foreign} & sys.modules.keys()))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_each_role_is_registered_under_its_name() -> None:
    assert [component_of(role).role for role in STREAM_ROLES] == [*STREAM_ROLES]


def test_each_role_of_the_chain_runs_by_itself_or_within_another() -> None:
    assert tuple(role for role in INPUTS if role not in WITHIN) == STREAM_ROLES
