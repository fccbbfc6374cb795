"""Reads cases from their topic and from the store, in a form in which two runs can be compared."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from benchmarks.chaos.content import Content, without
from benchmarks.chaos.messages import values
from benchmarks.chaos.stories import CUSTOMER
from pipeline.contracts.topology import CASES
from pipeline.follow_up.case import Case, CaseEvent
from pipeline.store.backend import Backend

BY_ARRIVAL = ("revision", "updated_at")
"""Fields of a case that differ between any two runs: what people do may come before a deadline that
it keeps, or after, and is then one change or two."""

_CASE, _EVENT = msgspec.json.Decoder(Case), msgspec.json.Decoder(CaseEvent)


def told_cases(bootstrap: str) -> Content:
    """Return what the newest version of each case on the topic says."""
    told = (_EVENT.decode(value).data for _, value in values(bootstrap, CASES))
    newest = {case.case_id: case for case in sorted(told, key=lambda case: case.revision)}
    content = comparable(newest.values())
    return {f"{table} on the topic": rows for table, rows in content.items()}


def stored_cases(backend: Backend) -> Content:
    """Return what the store says of each case."""
    rows = backend.execute("SELECT case FROM cases FINAL")
    return comparable([_CASE.decode(str(case)) for (case,) in rows])


def comparable(cases: Collection[Case]) -> Content:
    """Return the cases of stories whole, but for fields `BY_ARRIVAL`, and the causes of all others.

    Which alerts share a case depends on the order in which they come, as docs/architecture.md says;
    and an alert that was withdrawn may not have been told at all.
    """
    whole = [case for case in cases if case.customer_id.startswith(CUSTOMER) and _causes(case)]
    others = [case for case in cases if not case.customer_id.startswith(CUSTOMER)]
    return {
        "cases": _in_order(without(msgspec.to_builtins(case), BY_ARRIVAL) for case in whole),
        "causes": _in_order(cause for case in others for cause in _causes(case)),
    }


def _causes(case: Case) -> list[Any]:
    return [msgspec.to_builtins(one) for one in case.causes if one.state != "withdrawn"]


def _in_order(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=msgspec.json.encode)
