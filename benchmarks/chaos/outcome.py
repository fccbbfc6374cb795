"""The outcome of a run: what two runs of the same load are compared by."""

import msgspec

from benchmarks.chaos.cases import stored_cases, told_cases
from benchmarks.chaos.content import Content, states, stored_content
from pipeline.store.backend import Backend


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of a run. `written_twice` counts repeated readings on cx.scored."""

    content: Content
    faults: dict[str, int]
    deaths: int
    written_twice: int
    drain_seconds: float


def content_of(bootstrap: str, backend: Backend) -> Content:
    """Return what the topics and the store hold."""
    return {
        **stored_content(backend),
        **stored_cases(backend),
        **told_cases(bootstrap),
        "states of customers": states(bootstrap),
    }
