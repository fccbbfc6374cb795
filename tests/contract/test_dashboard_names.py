"""Names that the dashboards offer and group by."""

import pytest

from pipeline.store import Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import WINDOW, scored
from tests.support.dashboards import statement


@ON_CHDB
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("brand", {"brand": "Old"}, {"brand": "New"}), ("language", {"language": "tr"}, {})],
)
def test_what_a_revision_emptied_is_no_choice(
    store: Store, name: str, before: dict[str, str], after: dict[str, str]
) -> None:
    offered = statement("now", f"variable {name}")
    store.write_events([scored("e1", type="visit", **before)])
    assert [*offered.asked(store._backend, WINDOW)] == [(before[name],)]
    store.write_events([scored("e1", type="visit", revision=2, **after)])
    assert [*offered.asked(store._backend, WINDOW)] == [(one,) for one in after.values()]


@ON_CHDB
def test_names_that_differ_in_letter_case_or_outer_spaces_are_one(store: Store) -> None:
    spelled = [
        "Fatura",
        "FATURA",
        "fatura ",
        "fatura",
        "fatura",
        "İade",
        "IADE",
        "Depo",
        "DEPO",
        "Depo",
    ]
    store.write_events(
        [
            scored(f"e{i}", at=i, touchpoint=name, customer_id=f"c{i}", label="negative")
            for i, name in enumerate(spelled)
        ]
    )
    backend = store._backend
    choices = statement("now", "variable touchpoint").asked(backend, WINDOW)
    assert [name for (name,) in choices] == ["Depo", "IADE", "fatura"]
    chosen = {"touchpoint": ["FATURA", "it's"], "enough": ["1"]}
    ((_, note, _),) = statement("now", "Net sentiment").asked(backend, WINDOW, chosen)
    assert "n 5 " in note
    rows = statement("now", "By touchpoint").asked(backend, WINDOW, {"enough": ["1"]})
    assert [(row[0], row[-1]) for row in rows] == [("Billing", 5)]
    stuck = statement("hurts", "Friction by touchpoint").asked(backend, WINDOW, {"enough": ["1"]})
    assert [(row[0], row[1]) for row in stuck] == [("Billing", 5)]
