"""By what of a number a verdict of rules is remembered."""

import pytest

from pipeline.detection.rule import cuts_of


@pytest.mark.parametrize(
    ("condition", "cuts"),
    [
        ("event.score < 7.0", (7.0,)),
        ("(event.score >= 0.5 || event.score == 2.0) && event.brand == 'x'", (0.5, 2.0)),
        ("event.brand == 'event.score' && event.score > -1.0 // low", (-1.0,)),
        ("event.score + 1.0 < 7.0", ()),
        ("1.0 + event.score < 7.0", ()),
        ("event.score < 7.0 + event.score", ()),
        ("7.0 > event.score", ()),
        ("event.score < 7.0 ? event.brand == 'x' : true", ()),
        ("event.score < 7.0 == true", ()),
        ("event.score < 7.5e1", ()),
        ("event.score < 7.0 && [1.0].exists(x, event . score > x)", ()),
        ("1.0 + // (\n event.score < 7.0", ()),
        (r"event.brand == '\'' && event.score < 7.0 && event.brand != '\''", ()),
    ],
)
def test_only_a_number_compared_with_literals_is_known_by_its_side(
    condition: str, cuts: tuple[float, ...]
) -> None:
    found = cuts_of("event.score", [condition, "event.type == 'survey'"])
    assert [(cut.value, cut.of_threshold) for cut in found] == [(cut, "") for cut in cuts]


@pytest.mark.parametrize(
    ("condition", "cuts"),
    [
        ("customer.risk >= customer.risk_threshold && !customer.grave_alert", [0.6]),
        ("customer.risk < customer.risk_threshold / 2.0", [0.3]),
        ("(customer.risk > customer . risk_threshold * 1.5 || customer.risk < 0.1)", [0.1, 0.9]),
        ("customer.risk < customer.risk_threshold / 0.0", []),
        ("customer.risk < customer.risk_threshold - 0.1", []),
        ("customer.risk_threshold < customer.risk", []),
    ],
)
def test_the_risk_is_known_by_its_side_of_parts_of_the_threshold(
    condition: str, cuts: list[float]
) -> None:
    found = [cut.at(0.6) for cut in cuts_of("customer.risk", [condition])]
    assert sorted(found) == pytest.approx(cuts)
