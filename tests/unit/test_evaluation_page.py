import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest
from typer import Typer
from typer.testing import CliRunner

import evaluation.__main__ as command
from evaluation.bars import bars, verdicts
from evaluation.curve import Point
from evaluation.measures import Interval, Measures
from evaluation.page import page
from evaluation.results import Challenge, Measured, Processor, Report, Results
from evaluation.sets import origins
from evaluation.systems import System

DEV_SETS = ("dev_en_uci3", "dev_tr_trsav1")
MACHINE: dict[str, str | int] = {
    "cpu": "C",
    "cores": 2,
    "memory_gb": 8,
    "system": "Linux 6",
    "python": "3.11",
}


def around(value: float) -> Interval:
    return Interval(value, value - 0.01, value + 0.01)


def report(share: float, rate: float, error: float) -> Report:
    """A system with one share everywhere."""
    measures = Measures(around(share), around(share), around(share), around(error))
    return Report(
        version="7",
        rate=Interval(rate, rate - 1, rate + 1),
        sets=dict.fromkeys(DEV_SETS, measures),
        challenges={"all": Challenge({"irony": around(share)}, around(share))},
        kept={"dev_tr_trsav1": {"capitals": around(share)}},
    )


def results(**systems: Report) -> Results:
    return Results(
        date="2026-01-05",
        machine=MACHINE,
        sets={"dev_tr_trsav1": Measured("tr", "reviews", 2_911)},
        systems=systems,
        missing=["strong"],
        curve={"dev_tr_trsav1": [Point(0.05, around(0.7), 1_234.5)]},
    )


def test_a_bar_is_met_at_its_bound_and_not_below_it() -> None:
    at = {
        (one.bar.figure, one.bar.set): one for one in verdicts({"fast": report(0.82, 15_000, 0.05)})
    }
    assert len(at) == len(bars()) == 7
    assert [key for key, one in at.items() if not one.is_met] == [
        ("polar_accuracy", "dev_tr_trsav1")
    ]
    below = verdicts({"fast": report(0.5, 14_999, 0.051)})
    assert [one.is_met for one in below] == [False] * 7


def test_an_engine_is_held_against_the_better_baseline() -> None:
    found = {"fast": report(0.7, 100, 0.04), "vader": report(0.6, 1, 0.2)}
    better = {(one.bar.figure, one.is_ahead) for one in verdicts(found)}
    assert {ahead for _, ahead in better} == {True}
    found["tfidf"] = report(0.71, 1_000, 0.03)
    assert {one.bar.figure for one in verdicts(found) if one.is_ahead} == {"rate"}


def test_a_figure_that_was_not_measured_has_no_verdict() -> None:
    partial = Report("7", around(1), {}, {}, {})
    assert [one.bar.figure for one in verdicts({"auto": partial})] == ["rate"]


def test_the_page_has_the_figures_of_every_part() -> None:
    text = page(results(fast=report(0.83, 70_000, 0.09), tfidf=report(0.6, 100, 0.1)))
    for line in (
        "| accuracy, dev_en_uci3 | fast | ≥ 0.82 | 0.830 (0.820–0.840) | yes | 0.600 | yes |",
        "| calibration error, dev_en_uci3 | fast | ≤ 0.05 | 0.090 (0.080–0.100) | **no** "
        "| 0.100 | yes |",
        "| texts/s/core | fast | ≥ 15,000 | 70,000 (69,999–70,001) | yes |  |  |",
        "| dev_tr_trsav1 | tr | reviews | 2,911 |",
        "| **mean** | 0.830 (0.820–0.840) | 0.600 (0.590–0.610) |",
        "| dev_tr_trsav1 | capitals | 0.830 (0.820–0.840) | 0.600 (0.590–0.610) |",
        "| 5% | 1,234 | 0.700 (0.690–0.710) |",
        "- Not measured, since not at hand: `strong`.",
    ):
        assert line in text.splitlines()
    assert "$" not in text


def test_the_page_compares_processors_with_the_first() -> None:
    richest = Processor({"strong": 200.0, "fast": 10.0}, {"strong": 0.9, "fast": 0.8}, 20, 0, 0.0)
    other = Processor({"strong": 100.0, "fast": 9.0}, {"strong": 0.85, "fast": 0.8}, 20, 1, 0.0004)
    found = msgspec.structs.replace(results(), processors={"VNNI": richest, "AVX2": other})
    row = "| AVX2 | 100 (0.50 ×) | 0.8500 | 9 (0.90 ×) | 0.8000 | 1 of 20 | 4e-04 |"
    assert row in page(found).splitlines()
    assert "Not measured: that takes Linux" in page(results())


def app() -> Typer:
    made = Typer()
    made.command()(command.main)
    return made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in (*origins(), "en_semeval13_16"):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("text", "label"))
            rows.writerows([("çok iyi, great", 2), ("berbat, terrible", 0), ("geldi", 1)] * 5)
    return tmp_path


def test_the_command_measures_what_is_at_hand_and_says_what_is_not(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights_missing(name: str, *_: Any) -> System:
        if name == "strong":
            raise FileNotFoundError(2, "No such file", "strong.onnx")
        return open_system(name, *_)

    def no_compiler(_: Path) -> NoReturn:
        raise FileNotFoundError(2, "No such file", "cc")

    open_system = command.open_system
    monkeypatch.setattr(command, "open_system", weights_missing)
    monkeypatch.setattr(command, "ROOT", data)
    monkeypatch.setattr(command.processors, "measured", no_compiler)
    (data / "docs").mkdir()
    arguments = ["--data", str(data), "--engine", "fast", "--engine", "strong", "--save"]
    ran = CliRunner().invoke(app(), arguments)
    assert ran.exit_code == 0, ran.output
    assert "strong is not at hand: There is no strong.onnx." in ran.stderr
    assert "Other kinds of processors are not at hand: There is no cc." in ran.stderr
    saved = json.loads((data / "docs" / "evaluation.json").read_text())
    assert set(saved["systems"]["fast"]["sets"]) == set(origins())
    assert saved["missing"] == ["strong"]
    assert (data / "docs" / "evaluation.md").read_text().startswith("# Evaluation")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "slow"], "There is no slow"),
        (["--set", "nope"], "There is no set nope"),
        (["--hf-model", "m", "--hf-labels", "{"], "--hf-labels"),
    ],
)
def test_wrong_options_are_said_to_be_wrong(data: Path, arguments: list[str], said: str) -> None:
    ran = CliRunner().invoke(app(), ["--data", str(data), *arguments])
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_a_folder_without_the_texts_is_said_to_be_one(tmp_path: Path) -> None:
    wide = CliRunner(env={"COLUMNS": "1000"})
    ran = wide.invoke(app(), ["--data", str(tmp_path), "--engine", "fast"])
    assert ran.exit_code == 2
    assert "dev_en_uci3" in ran.stderr


def test_where_nothing_is_at_hand_it_says_what_to_install(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vaderSentiment", None)
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", None)
    ran = CliRunner().invoke(app(), ["--data", str(data), "--engine", "vader"])
    assert ran.exit_code == 1
    assert "vader is not at hand: It needs `pip install 'nabiz[evaluation]'`" in ran.stderr
