"""What `nabiz doctor` says of what still works and is to go."""

from pathlib import Path

from pipeline.cli.checkup import Finding


def check_zone(check: str, file: Path, calendar: Path) -> Finding:
    """Warn of a file of the desk that has a time zone of its own."""
    found = f"{file}: `time_zone` holds for this file, but is deprecated"
    return Finding(check, "warning", found, f"say it in {calendar}, and leave it out here")
