"""Unpacks the last release, to run it beside this one."""

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT

LAST_RELEASE = "b102fce"
"""The commit of the last release that users have; update it with each release."""


def last_release(folder: Path) -> Path:
    """Unpack the last release into `folder`; skip the test if the history lacks it."""
    parts = ("agents", "pipeline", "rules", "schemas", "desk")
    command = ["git", "-C", str(ROOT), "archive", LAST_RELEASE, *parts]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"no last release: {archive.stderr.decode().strip()} (a shallow clone?)")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def environment_of(release: Path) -> Mapping[str, str]:
    """Return the environment in which Python imports an unpacked release."""
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(release)}
