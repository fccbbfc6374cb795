"""The page on which files are uploaded: tried first, then published."""

import asyncio
import re
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import requires
from pipeline.board.board import Board, Page
from pipeline.connectors.files.file_reader import readable
from pipeline.service.uploads import LARGEST, Upload
from pipeline.sources.source import SourceError

LARGEST_FORM = LARGEST + 65_536
LONGEST_NAME = 120
_PARTS = ("published", "problem", "too_large", "gone", "upload", "tried", "token")
"""What the template may show, each where it is there."""


def import_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of the page, of a trial and of publishing."""
    one_at_a_time = asyncio.Semaphore(1)  # a large file occupies a core for many seconds

    @get("/board/import", opt=requires("admin"), include_in_schema=False, sync_to_thread=True)
    def ask(request: AnyRequest) -> Response[Any]:
        return _page(board, request, {"published": _published(request)})

    @post(
        "/board/import",
        opt=requires("admin", audit="file.tried"),
        include_in_schema=False,
        status_code=200,
        request_max_body_size=LARGEST_FORM,
    )
    async def attempt(request: AnyRequest) -> Response[Any]:
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return await asyncio.to_thread(_page, board, request, {})
        upload = Upload(
            _user(request),
            board.clock(),
            _plain_name(file.filename),
            str(form.get("source", "")),
            await file.read(),
        )
        if len(upload.content) > LARGEST:
            return await asyncio.to_thread(_page, board, request, {"too_large": True})
        async with one_at_a_time:
            values = await asyncio.to_thread(_tried, board, upload)
        return await asyncio.to_thread(_page, board, request, {"upload": upload, **values})

    @post(
        "/board/import/publish",
        opt=requires("admin", audit="file.published"),
        include_in_schema=False,
    )
    async def publish(request: AnyRequest) -> Response[Any] | Redirect:
        token = str((await request.form()).get("token", ""))
        upload = board.uploads.take(token, _user(request))
        if upload is None:
            return await asyncio.to_thread(_page, board, request, {"gone": True})
        async with one_at_a_time:
            done = await asyncio.to_thread(board.uploads.publish, upload)
        counts = {"events": str(done.events), "refused": str(done.refused)}
        return Redirect("/board/import", status_code=303, query_params=counts)

    return [ask, attempt, publish]


def _tried(board: Board, upload: Upload) -> dict[str, object]:
    """Try a file; return the result and the token that publishes it, or the error."""
    try:
        tried = board.uploads.attempt(upload)
    except SourceError as error:
        return {"problem": str(error)}
    token = board.uploads.keep(upload) if tried.events or tried.refused else ""
    return {"tried": tried, "token": token}


def _page(board: Board, request: AnyRequest, values: dict[str, object]) -> Response[Any]:
    visit = board.visit(request)
    say, connections = board.localizer(visit), board.connections
    forms = connections.systems
    of_files = [name for name, form in forms.items() if "file" in form.transports]
    named = [name for name, one in connections.book.connections.items() if one.system in of_files]
    sources = [
        (name, forms[name].title.text(say.language) if name in forms else name)
        for name in readable([*named, *of_files], connections.book, board.clock())
    ]
    values = {
        **dict.fromkeys(_PARTS),
        "page": "connections",
        "title": say.t("import.title"),
        "sources": sources,
        **values,
    }
    return board.page(request, visit, say, "import.html", values)


def _user(request: AnyRequest) -> str:
    return request.user.name if request.user else ""


def _plain_name(name: str) -> str:
    """Return the name of a file without folders and odd characters."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w .()-]", "_", last)[-LONGEST_NAME:].lstrip(".") or "file"


def _published(request: AnyRequest) -> tuple[int, int] | None:
    """Return the result of publishing from the URL to which it redirects."""
    events, refused = (request.query_params.get(name, "") for name in ("events", "refused"))
    if events.isdecimal() and refused.isdecimal() and len(events + refused) < 20:
        return int(events), int(refused)
    return None


PAGE = Page("import", "/board/import", import_routes)
