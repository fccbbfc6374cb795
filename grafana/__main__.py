"""Writes the dashboards, grafana/dashboards/LANGUAGE/NAME.json, and Grafana's alert rules.

usage: python -m grafana
"""

from grafana.build import FOLDER, built


def main() -> None:
    """Write all files."""
    for path, content in built().items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
