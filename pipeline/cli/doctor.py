"""Command doctor: check everything Nabız needs, and say what to do about problems."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli import show
from pipeline.cli.checkup import Finding, State
from pipeline.cli.errors import EXIT_NO, UsageError
from pipeline.cli.exit_codes import exit_code
from pipeline.cli.parts import Parts, this_machine, whole
from pipeline.cli.target import DataOption, JsonOption, find
from pipeline.config.settings import SettingsError, load_settings

DEADLINE = 30.0
"""Deadline for all checks in seconds: what hangs does not report itself."""

STYLES: Mapping[State, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check broker, topics, roles, store, clocks, disk, rules, model, channels, logins.

    Reports each finding, with advice on problems. Nothing is written or changed.

    Exit code 0: all is well; 1: there are warnings or problems.
    """
    with Console(stderr=True).status("looking …"):
        findings = examine(data)
    if as_json:
        show.as_json(msgspec.json.encode(findings))
    else:
        Console().print(_table(findings))
    if any(finding.state != "ok" for finding in findings):
        raise typer.Exit(EXIT_NO)


def examine(data: Path | None) -> list[Finding]:
    """Run all checks concurrently; what is down takes a few seconds."""
    try:
        settings = find(data)
    except SettingsError as error:
        return [Finding("settings", "problem", line) for line in str(error).splitlines()]
    except UsageError as error:
        settings = load_settings().model_copy(update={"data": data} if data else {})
        nobody = [Finding("nabiz up", "problem", str(error))]
        return [*nobody, *_look(this_machine(settings))]
    return _look(whole(settings))


def _look(parts: Parts) -> list[Finding]:
    """Return the findings in order; an unfinished check is a finding."""
    findings: dict[str, list[Finding]] = {name: [] for name in parts}

    def look(name: str) -> None:
        try:
            for finding in parts[name]():
                findings[name].append(finding)
        except Exception as error:
            told = str(error) if exit_code(error) else f"could not be looked at: {error!r}"
            findings[name].append(Finding(name, "problem", told))

    threads = {name: threading.Thread(target=look, args=(name,), daemon=True) for name in parts}
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + DEADLINE
    for name, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            late = Finding(name, "problem", f"no answer within {DEADLINE:g} s: it hangs")
            findings[name] = [*findings[name], late]
    return [finding for name in parts for finding in findings[name]]


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "check"):
        table.add_column(name)
    table.add_column("found", overflow="fold")
    for finding in findings:
        found = [show.datum(finding.found)]
        if finding.advice:
            found.append(show.datum(f"→ {finding.advice}", "bold"))
        check = show.datum(finding.check)
        table.add_row(Text(finding.state, STYLES[finding.state]), check, Text("\n").join(found))
    return table
