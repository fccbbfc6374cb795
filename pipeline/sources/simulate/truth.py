"""What is true of a simulated company and must be found out from its events alone."""

from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import msgspec

Expectation: TypeAlias = Literal["alert", "silence", "either"]
"""Whether detection must ring, must not, or may: nothing could tell it, or the case is between."""

_HELPS = timedelta(days=14)
"""How long an alert helps with a promise that is never kept."""
_SETTLES = timedelta(days=1)
"""How long after its deadline an alert about a kept promise would still be about it."""


class Truth(msgspec.Struct, frozen=True):
    """A fact about a customer, kept apart from the events.

    `at` is when it could first be known, `until` the end of the time in which an alert would help
    (`expects` is alert) or be false (silence).
    """

    kind: str
    customer_id: str
    at: datetime
    until: datetime
    expects: Expectation


class _Open(msgspec.Struct, frozen=True):
    """A promise of a kind that is neither kept nor broken; broken for less than `grace`: either."""

    kind: str
    since: datetime
    due: datetime
    grace: timedelta


class Ledger:
    """The truths of one customer's journey while it is made: notes, and the fate of promises.

    A promise of the kind `delivery` becomes `delivery_kept`, `delivery_moved` (another time was
    told before the first one passed) or `delivery_broken`.
    """

    def __init__(self, customer_id: str) -> None:
        self._customer_id = customer_id
        self._truths: list[Truth] = []
        self._open: list[_Open] = []

    def note(self, kind: str, expects: Expectation, at: datetime, until: datetime) -> None:
        """Note a truth."""
        self._truths.append(Truth(kind, self._customer_id, at, until, expects))

    def promise(self, kind: str, at: datetime, due: datetime, grace: timedelta) -> None:
        """Note that something is promised by `due`; a promise of the kind that is open stands."""
        if all(promise.kind != kind for promise in self._open):
            self._open.append(_Open(kind, at, due, grace))

    def move(self, kind: str, at: datetime, due: datetime) -> None:
        """Note that open promises of the kind hold by another time from now on."""
        for promise in self._taken((kind,)):
            if at <= promise.due:
                self.note(f"{kind}_moved", "silence", promise.since, due)
            else:
                self._break(promise, at)
            self.promise(kind, at, due, promise.grace)

    def keep(self, at: datetime, *kinds: str) -> None:
        """Note that what the kinds promise is done; too late for some, maybe."""
        for promise in self._taken(kinds):
            if at <= promise.due:
                end = promise.due + _SETTLES
                self.note(f"{promise.kind}_kept", "silence", promise.since, end)
            else:
                self._break(promise, at)

    def truths(self) -> list[Truth]:
        """Return all truths; promises that are still open are never kept."""
        for promise in self._taken({promise.kind for promise in self._open}):
            self._break(promise, promise.due + _HELPS)
        return self._truths

    def _break(self, promise: _Open, until: datetime) -> None:
        expects: Expectation = "alert" if until - promise.due > promise.grace else "either"
        self.note(f"{promise.kind}_broken", expects, promise.due, until)

    def _taken(self, kinds: tuple[str, ...] | set[str]) -> list[_Open]:
        taken = [promise for promise in self._open if promise.kind in kinds]
        self._open = [promise for promise in self._open if promise.kind not in kinds]
        return taken
