"""Names of channels and touchpoints, however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.names import folded, shown


@pytest.mark.parametrize(
    ("typed", "turkish", "english"),
    [
        ("Fatura", "Fatura", "Billing"),
        ("FATURA ", "Fatura", "Billing"),
        ("BILLING", "Fatura", "Billing"),
        ("İADE", "İade", "Returns"),
        ("Iade", "İade", "Returns"),
        ("İADE".lower(), "İade", "Returns"),
        ("\xa0iade\t", "İade", "Returns"),
        ("SATIN ALMA", "Satın alma", "Purchase"),
        ("Depo ", "Depo ", "Depo "),
    ],
)
def test_a_name_has_one_title_however_it_is_typed(typed: str, turkish: str, english: str) -> None:
    assert shown("touchpoint", typed, "tr") == turkish
    assert shown("touchpoint", typed, "en") == english


@given(st.text())
def test_what_is_compared_is_compared_as_itself(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(f" {name} ") == folded(name)
