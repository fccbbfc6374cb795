"""Pages are registered once: routes, menu and the tests of all pages follow from the record."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from litestar.testing import TestClient

from pipeline.access.user import ROLES, Role, User
from pipeline.board.board import Page
from pipeline.board.pages import PAGES
from pipeline.common.languages import LANGUAGES, texts
from pipeline.config.groups import ROOT
from tests.support.login_api import CHEAP, log_in
from tests.support.simulated_company import Company, app_of
from tests.unit.board.pages import book, page

every_page = pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)


@every_page
def test_a_page_has_a_route_at_its_path(company: Company, entry: Page) -> None:
    paths = {re.sub(r":\w+}", "}", route.path) for route in app_of(company).routes}
    assert entry.path in paths


@every_page
def test_a_page_of_the_menu_has_a_name_in_each_language(entry: Page) -> None:
    for language in LANGUAGES:
        assert entry.place is None or texts("pipeline.board", language)[f"nav.{entry.name}"]


@every_page
def test_the_documentation_names_a_page_of_the_menu(entry: Page) -> None:
    documentation = (ROOT / "docs/board.md").read_text("utf-8")
    assert (
        entry.place is None or texts("pipeline.board", "en")[f"nav.{entry.name}"] in documentation
    )


def test_no_two_pages_have_a_name_a_path_or_a_place_in_common() -> None:
    places = [entry.place for entry in PAGES if entry.place is not None]
    for values in ([entry.name for entry in PAGES], [entry.path for entry in PAGES], places):
        assert len({*values}) == len(values)


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_has_the_pages_of_the_role_in_order(
    company: Company, tmp_path: Path, role: Role
) -> None:
    with TestClient(app_of(company, book=book(tmp_path), passwords=CHEAP)) as client:
        log_in(client, role)
        (menu,) = re.findall(r'<nav aria-label="[^"]*">\n(.*?)</nav>', page(client), re.DOTALL)
    user = User(role, role)
    listed = [entry for entry in PAGES if entry.place and user.may(entry.menu_of)]
    expected = [entry.path for entry in sorted(listed, key=lambda entry: entry.place or 0)]
    assert re.findall(r'href="([^"]+)"', menu) == expected


PAGE = '''"""What customers send back."""

from typing import Any

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board, Page


def returns_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the route of the page."""

    @get("/board/returns", opt=VIEWER, include_in_schema=False)
    async def returns(request: AnyRequest) -> Response[Any]:
        visit = board.visit(request)
        say = board.localizer(visit)
        values = {"page": PAGE.name, "title": say.t("nav.returns")}
        return board.page(request, visit, say, "returns.html", values)

    return [returns]


PAGE = Page("returns", "/board/returns", returns_routes, place=99)
'''
FILES = {
    "pipeline/board/pages/returns.py": PAGE,
    "pipeline/board/templates/returns.html": '{% extends "base.html" %}\n'
    "{% block main %}<h1>{{ title }}</h1>{% endblock %}\n",
    "pipeline/board/texts.yaml": "nav.returns: {tr: İadeler, en: Returns}\n",
    "docs/board.md": "- **Returns**: what customers send back.\n",
}
"""What an added page takes."""
FOLLOWING = (
    "tests/unit/board/test_board_register.py",
    "tests/unit/board/test_board_texts.py",
    "tests/unit/access/test_access_guard.py::test_every_route_says_who_may_use_it",
)


def test_a_page_takes_four_files_and_its_tests_are_there_already(tmp_path: Path) -> None:
    for folder in ("pipeline", "tests", "rules", "desk", "schemas", "docs"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in FILES.items():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)
    command = [sys.executable, "-m", "pytest", "-v", "-k", "not four_files", *FOLLOWING]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "test_a_page_has_a_route_at_its_path[returns] PASSED" in run.stdout
