"""Serves style sheet, scripts and icon to everybody.

Litestar's `create_static_files_router` does not answer If-None-Match with a 304.
"""

import hashlib
from importlib.resources import files
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import PUBLIC

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class _File(NamedTuple):
    content: bytes
    type: str
    tag: str


def static_routes() -> list[ControllerRouterHandler]:
    """Make the route of the files, which are read once and revalidated by browsers."""
    statics = {
        file.name: _read(file.read_bytes(), file.name)
        for file in (files(__package__) / "static").iterdir()
    }

    @get("/board/static/{name:str}", opt=PUBLIC, include_in_schema=False)
    async def static(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        file = statics.get(name)
        if file is None:
            raise NotFoundException("no such file")
        headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == file.tag:
            return Response(None, status_code=304, headers=headers)
        return Response(file.content, media_type=file.type, headers=headers)

    return [static]


def _read(content: bytes, name: str) -> _File:
    tag = hashlib.sha256(content).hexdigest()[:16]
    return _File(content, _TYPES[name[name.rindex(".") :]], f'"{tag}"')
