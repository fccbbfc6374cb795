"""Warnings of `nabiz doctor` about deprecated settings."""

from pathlib import Path

from pipeline.cli.checkup import Finding


def check_zone(check: str, file: Path, calendar: Path) -> Finding:
    """Warn of a desk file with its own time zone."""
    found = f"{file}: `time_zone` holds for this file, but is deprecated"
    return Finding(check, "warning", found, f"set it in {calendar}, and remove it here")
