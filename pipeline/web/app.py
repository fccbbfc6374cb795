"""API, login and board as one application; OpenAPI at /schema."""

from collections.abc import Sequence

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.types import ControllerRouterHandler

from pipeline.access.access import Access, Recognise
from pipeline.access.authorization import VIEWER
from pipeline.access.login import login_routes
from pipeline.api.routes import api_routes
from pipeline.service.service import Service
from pipeline.web.errors import ErrorPage, error_handlers


def make_app(
    service: Service,
    access: Access,
    pages: Sequence[ControllerRouterHandler] = (),
    error_page: ErrorPage | None = None,
) -> Litestar:
    """Build the application, with the `pages` of the board, and its page for errors.

    Each route says as its `opt` who may use it; `access` sees to it.
    """
    return Litestar(
        route_handlers=[*api_routes(service), *login_routes(access), *pages],
        state=State({"access": access}),
        middleware=[Recognise],
        guards=[access.guard],
        before_send=[access.before_send],
        logging_config=None,  # ours is set; Litestar would replace it
        openapi_config=OpenAPIConfig(
            title="Nabız",
            version="1",
            # The document alone: the pages that come with Litestar load scripts of other hosts.
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
            openapi_router=Router(
                "/schema", route_handlers=[], opt=VIEWER, include_in_schema=False
            ),
        ),
        exception_handlers=error_handlers(error_page),
    )
