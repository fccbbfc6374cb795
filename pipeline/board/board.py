"""The parts that all pages of the board share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest, csrf_token
from pipeline.access.language import LANGUAGE_COOKIE, language_of_request
from pipeline.access.user import Role, User
from pipeline.board.board_config import BoardConfig
from pipeline.board.inbox.live import Live
from pipeline.board.localizer import Localizer
from pipeline.common.html import render
from pipeline.common.languages import LANGUAGES, other_language
from pipeline.common.plain_text import plain
from pipeline.config.groups import DetectSettings
from pipeline.model.alert import Alert, weightiest_quote
from pipeline.service.connections import Connections
from pipeline.service.service import Service
from pipeline.service.uploads import Uploads
from pipeline.store import Store
from pipeline.text.engine import Engine

A_YEAR = 366 * 86_400
STRANGER = User("", "viewer")
"""A visitor who is not logged in, and sees error pages only."""
WITH_TEXT = frozenset({400, 401, 403, 404, 405, 413, 500, 503})
"""Statuses that have a text of their own."""
EXPLAINED = frozenset({400, 401, 403, 503})
"""Statuses whose reason, in English, is shown as well."""


class Page(NamedTuple):
    """A page; routes, menu and the tests of all pages follow from this record.

    `name` gives the menu text (`nav.NAME`); `path` may contain `{alert_id}` or `{customer_id}`.
    `place` is the position in the menu of users with the role `menu_of`, or None for no menu entry.
    """

    name: str
    path: str
    routes: Callable[["Board"], list[ControllerRouterHandler]]
    place: int | None = None
    menu_of: Role = "viewer"


class Visit(msgspec.Struct, frozen=True):
    """The user of a page, and the language."""

    user: User
    csrf: str
    language: str
    in_other_language: str

    @property
    def may_act(self) -> bool:
        """Whether the user may act on alerts."""
        return self.user.may("agent")

    @property
    def may_administer(self) -> bool:
        """Whether the user may retry dead letters."""
        return self.user.may("admin")

    @property
    def other_language(self) -> str:
        """The language to which the link switches."""
        return other_language(self.language)


def title_of(say: Localizer, alert: Alert) -> str:
    """Return the title of an alert in the language of the page."""
    return plain(alert.titles.get(say.language) or alert.title)


@dataclass(frozen=True, kw_only=True)
class Board:
    """The components that pages are made from. `engine` opens the text engine on first use."""

    config: BoardConfig
    detect: DetectSettings
    pages: Sequence[Page]
    service: Service
    live: Live
    connections: Connections
    uploads: Uploads
    engine: Callable[[], Engine]
    clock: Callable[[], datetime]

    @property
    def store(self) -> Store:
        """The store of the service."""
        return self.service.store

    def visit(self, request: AnyRequest) -> Visit:
        """Return the visit of a request."""
        query = dict(request.query_params)
        language = language_of_request(request, query.pop("lang", ""))
        return Visit(
            request.user or STRANGER,
            csrf_token(request),
            language,
            urlencode({**query, "lang": other_language(language)}),
        )

    def localizer(self, visit: Visit) -> Localizer:
        """Return the localizer of a visit, as of now."""
        return Localizer(visit.language, self.config.zone, self.clock())

    def cause(self, say: Localizer, name: str) -> str:
        """Return the name of a cause: the rule's title, else our label, else the name itself."""
        rule = self.service.rules.by_name.get(name)
        title = rule.titles.get(say.language) if rule else None
        return plain(title) if title else say.label("rule", name)

    def html(
        self, visit: Visit, say: Localizer, template: str, values: Mapping[str, object]
    ) -> str:
        """Render a template."""
        return render(
            "pipeline.board",
            template,
            {
                "say": say,
                "t": say.t,
                "visit": visit,
                "title_of": partial(title_of, say),
                "cause": partial(self.cause, say),
                "playbook": partial(self._playbook, say.language),
                "weightiest_quote": weightiest_quote,
                **values,
            },
        )

    def _menu(self, user: User) -> list[Page]:
        listed = [page for page in self.pages if page.place and user.may(page.menu_of)]
        return sorted(listed, key=lambda page: page.place or 0)

    def _playbook(self, language: str, alert: Alert) -> str:
        """Return the playbook, in the language of the page if the rule still exists."""
        rule = self.service.rules.by_cause.get(alert.cause)
        playbook = rule.playbooks.get("en" if language == "en" else "tr") if rule else None
        return playbook or alert.playbook

    def page(
        self,
        request: AnyRequest,
        visit: Visit,
        say: Localizer,
        template: str,
        values: Mapping[str, object],
        status: int = 200,
    ) -> Response[Any]:
        """Return a page. A language in the URL is kept for the next pages."""
        wanted = request.query_params.get("lang")
        cookie = Cookie(
            key=LANGUAGE_COOKIE,
            value=visit.language,
            max_age=A_YEAR,
            path="/",
            secure=request.scope["scheme"] == "https",
            httponly=True,
            samesite="lax",
        )
        return Response(
            self.html(visit, say, template, {"menu": self._menu(visit.user), **values}),
            status_code=status,
            media_type=MediaType.HTML,
            cookies=[cookie] if wanted in LANGUAGES else [],
        )

    def message(
        self, request: AnyRequest, status: int, message: str, back: str = "/board", detail: str = ""
    ) -> Response[Any]:
        """Return a page with one sentence, and a detail for the operator."""
        visit = self.visit(request)
        say = self.localizer(visit)
        values = {
            "page": "",
            "title": say.t("message.title"),
            "message": message,
            "detail": plain(detail),
            "back": back,
        }
        return self.page(request, visit, say, "message.html", values, status)

    def error(self, request: AnyRequest, status: int, detail: str) -> Response[Any]:
        """Return an error page with the text of the status, else with the given reason."""
        say = self.localizer(self.visit(request))
        text = say.label("error", str(status)) if status in WITH_TEXT else detail
        return self.message(request, status, text, detail=detail if status in EXPLAINED else "")
