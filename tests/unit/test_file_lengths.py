"""Files that people write stay short: one idea each."""

from pipeline.config.groups import ROOT

MOST_LINES = 300
FOLDERS = (
    *("agents", "benchmarks", "evaluation", "examples", "grafana", "pipeline"),
    *("tests", "training"),
)
SUFFIXES = {".css", ".html", ".js", ".py", ".sql"}


def test_every_file_has_fewer_than_300_lines() -> None:
    files = [
        file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in SUFFIXES
    ]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert len(lengths) > 900
    assert {file: lines for file, lines in lengths.items() if lines >= MOST_LINES} == {}
