"""The page that explains the reading of a text, which is not stored."""

import asyncio
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board, Page
from pipeline.board.localizer import Localizer
from pipeline.common.plain_text import plain
from pipeline.model.alert import Contribution
from pipeline.model.reading import Reading
from pipeline.preview import why
from pipeline.text.explain import TITLES, Explanation
from pipeline.text.shown import TRAITS
from pipeline.text.topics import TAXONOMY

LONGEST = 4_000
"""Most characters of a text; longer ones take too long to explain."""
LARGEST_FORM = 65_536


class Explained(NamedTuple):
    """A redacted text, its reading, the weights of its parts, and the rules it meets."""

    pieces: list[tuple[str, str]]
    reading: Reading
    traits: str
    quotes: list[tuple[str, str, str]]
    risk: float
    calibrated: bool
    rules: tuple[Contribution, ...]


def why_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of the page."""
    one_at_a_time = asyncio.Semaphore(1)  # a long text occupies a core for a second

    @get("/board/why", opt=VIEWER, include_in_schema=False)
    async def ask(request: AnyRequest) -> Response[Any]:
        return _page(board, request, "", None)

    @post(
        "/board/why",
        opt=VIEWER,
        include_in_schema=False,
        status_code=200,
        request_max_body_size=LARGEST_FORM,
    )
    async def answer(request: AnyRequest) -> Response[Any]:
        text = str((await request.form()).get("text", ""))[:LONGEST].strip()
        if not text:
            return _page(board, request, "", None)
        say = board.localizer(board.visit(request))
        async with one_at_a_time:
            explained = await asyncio.to_thread(_explain, board, say, text)
        return _page(board, request, text, explained)

    return [ask, answer]


def _page(
    board: Board, request: AnyRequest, text: str, explained: Explained | None
) -> Response[Any]:
    visit = board.visit(request)
    say = board.localizer(visit)
    values = {
        "page": PAGE.name,
        "title": say.t("why.title"),
        "text": plain(text),
        "longest": LONGEST,
        "explained": explained,
    }
    return board.page(request, visit, say, "why.html", values)


def _explain(board: Board, say: Localizer, text: str) -> Explained:
    answer = why(text, board.engine(), board.service.rules, board.detect, board.clock())
    seen, reading = answer.text, answer.explanation.reading
    traits = ", ".join(TRAITS[name].text(say.language) for name in reading.traits)
    quotes = [
        (say.label("intent", intent.name), "", seen[intent.start : intent.end])
        for intent in reading.intents
    ]
    quotes += [
        (say.t("why.hint", intent=say.label("intent", hint.name)), "", seen[hint.start : hint.end])
        for hint in reading.hints
    ]
    quotes += [
        (
            TAXONOMY.topics[topic.name].title.text(say.language),
            topic.label,
            seen[topic.start : topic.end],
        )
        for topic in reading.topics
    ]
    quotes += [
        (TITLES[cue.name].text(say.language), cue.label, seen[cue.start : cue.end])
        for cue in answer.explanation.cues
    ]
    parts = weighed(seen, answer.explanation)
    return Explained(parts, reading, traits, quotes, answer.risk, answer.calibrated, answer.rules)


def weighed(text: str, explanation: Explanation) -> list[tuple[str, str]]:
    """Split a text into parts, each with its weight: strong, weak, against, or "" for none."""
    cut: list[tuple[str, str]] = []
    at = 0
    for part in explanation.parts:
        cut += [(text[at : part.start], ""), (text[part.start : part.end], part.says)]
        at = part.end
    return [piece for piece in (*cut, (text[at:], "")) if piece[0]]


PAGE = Page("why", "/board/why", why_routes, place=3)
