"""The health page: lag and rate of each role, store, broker, dead letters.

Administrators see all of it; other users see in words whether the board is up to date.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER, requires
from pipeline.board.board import Board, Page
from pipeline.board.localizer import Localizer
from pipeline.contracts.topology import INPUTS, WITHIN
from pipeline.model.dead_letter import Reason
from pipeline.service.views import PartitionStatus, Status

LATE = 5.0
"""Seconds of lag from which a role is shown as late."""
LETTERS = 20
"""Most dead letters to list, newest first."""


class RoleHealth(NamedTuple):
    """A role over all its partitions; `seconds` is the largest lag, None if unknown.

    Background work is never `late`.
    """

    role: str
    partitions: int
    events: int
    seconds: float | None
    rate: float
    late: bool


def health_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of the page."""

    @get("/board/health", opt=VIEWER, include_in_schema=False, sync_to_thread=True)
    def health(request: AnyRequest) -> Response[Any]:
        visit = board.visit(request)
        say, status = board.localizer(visit), board.service.status()
        letters = [] if status.store.problem else board.store.dead_letters(None, LETTERS)
        roles = by_role(status.partitions)
        values = {
            "page": PAGE.name,
            "title": say.t("nav.health"),
            "state": in_words(status, roles, say),
            "status": status,
            "roles": roles,
            "letters": letters,
            "retried": _retried(request),
            "silent": board.connections.silent(board.clock()),
            "connections_refused": board.connections.book.errors,
        }
        return board.page(request, visit, say, "health.html", values)

    @post(
        "/board/health/retry",
        opt=requires("admin", audit="dead_letters.retried"),
        include_in_schema=False,
    )
    async def retry(request: AnyRequest) -> Redirect:
        wanted = str((await request.form()).get("reason", ""))
        reason = next((known for known in Reason if known.value == wanted), None)
        result = await asyncio.to_thread(board.service.retry_dead_letters, reason)
        counts = {"sent": str(result.sent), "skipped": str(result.skipped)}
        return Redirect("/board/health", status_code=303, query_params=counts)

    return [health, retry]


def in_words(status: Status, roles: Sequence[RoleHealth], say: Localizer) -> tuple[str, bool]:
    """Return a sentence about the state of the pipeline, and whether it is well."""
    late = [role for role in roles if role.late]
    if status.broker.problem or status.store.problem:
        return say.t("health.all_away"), False
    if any(role.seconds is None for role in late):
        return say.t("health.all_late_unknown"), False
    if late:
        return say.t(
            "health.all_late", span=say.span(max(role.seconds or 0 for role in late))
        ), False
    return say.t("health.all_fine"), True


def by_role(partitions: Iterable[PartitionStatus]) -> list[RoleHealth]:
    """Aggregate the partitions of each role, in the order of the chain."""
    of: dict[str, list[PartitionStatus]] = {role: [] for role in INPUTS}
    for partition in partitions:
        of.setdefault(partition.role, []).append(partition)
    return [_joined(role, some) for role, some in of.items() if some]


def _joined(role: str, partitions: list[PartitionStatus]) -> RoleHealth:
    known = [partition.lag_seconds for partition in partitions if partition.lag_seconds is not None]
    behind = sum(partition.lag_events for partition in partitions)
    seconds = max(known, default=None)
    return RoleHealth(
        role,
        len(partitions),
        behind,
        seconds,
        sum(partition.rate for partition in partitions),
        role not in WITHIN and behind > 0 and (seconds is None or seconds >= LATE),
    )


def _retried(request: AnyRequest) -> dict[str, int] | None:
    """Return the result of a retry from the URL to which it redirects."""
    sent, skipped = (request.query_params.get(name, "") for name in ("sent", "skipped"))
    if sent.isdecimal() and skipped.isdecimal() and len(sent + skipped) < 20:
        return {"sent": int(sent), "skipped": int(skipped)}
    return None


PAGE = Page("health", "/board/health", health_routes, place=4, menu_of="admin")
