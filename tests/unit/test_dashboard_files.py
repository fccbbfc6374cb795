"""The dashboards as files: built from the code, complete in both languages, well laid out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from grafana.build import FOLDER, RULES, built
from grafana.guide import PAGE, with_table
from grafana.plugin import expand
from grafana.texts import LANGUAGES
from pipeline.common.languages import Language
from pipeline.config.groups import ROOT, NotifySettings
from tests.support.dashboards import dashboards, panels

START = datetime(2026, 3, 2, tzinfo=UTC)
END = datetime(2026, 3, 3, tzinfo=UTC)
BOARDS = [(language, *item) for language in LANGUAGES for item in dashboards(language).items()]
each_board = pytest.mark.parametrize(
    ("language", "name", "board"), BOARDS, ids=lambda value: value if isinstance(value, str) else ""
)


def test_the_committed_dashboards_are_those_of_the_code() -> None:
    committed = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*.json")
    }
    assert committed == built(), "run: make generated"


def test_the_table_of_the_guide_says_of_each_number_what_its_panel_says() -> None:
    text = PAGE.read_text("utf-8")
    assert text == with_table(text), "run: make generated"


@each_board
def test_every_panel_says_what_it_means(
    language: Language, name: str, board: dict[str, Any]
) -> None:
    assert board["title"]
    for panel in panels(board):
        assert panel["title"]
        assert len(panel["description"]) > 20, panel["title"]


def test_both_languages_show_the_same_in_other_words() -> None:
    english, turkish = dashboards("en"), dashboards("tr")
    assert english.keys() == turkish.keys()
    for name, board in english.items():
        other = turkish[name]
        assert board["uid"].removesuffix("-en") == other["uid"].removesuffix("-tr")
        pairs = list(zip(panels(board), panels(other), strict=True))
        assert [(a["id"], a["type"], a["gridPos"]) for a, _ in pairs] == [
            (b["id"], b["type"], b["gridPos"]) for _, b in pairs
        ]
        assert all(a["description"] != b["description"] for a, b in pairs)


@each_board
def test_panels_have_names_and_places_of_their_own(
    language: Language, name: str, board: dict[str, Any]
) -> None:
    for key in ("id", "title"):
        values = [panel[key] for panel in board["panels"]]
        assert len(set(values)) == len(values), key
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@each_board
def test_panels_ask_sources_that_are_provisioned(
    language: Language, name: str, board: dict[str, Any]
) -> None:
    file = ROOT / "grafana" / "provisioning" / "datasources" / "nabiz.yaml"
    given = {(one["type"], one["uid"]) for one in yaml.safe_load(file.read_text())["datasources"]}
    asked = {(one["datasource"]["type"], one["datasource"]["uid"]) for one in panels(board)}
    assert asked <= given


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_click_on_a_customer_changes_no_other_variable(language: Language) -> None:
    board = dashboards(language)["at-risk"]
    (table,) = (
        one for one in panels(board) if one["title"] in ("Who to call first", "Önce kim aranmalı")
    )
    overrides = {
        one["matcher"]["options"]: one["properties"] for one in table["fieldConfig"]["overrides"]
    }
    (links,) = (one["value"] for one in overrides["customer_id"] if one["id"] == "links")
    timeline = links[0]["url"]
    others = {one["name"] for one in board["templating"]["list"]} - {"customer"}
    assert {f"${{{name}:queryparam}}" for name in others} <= set(timeline.split("?")[1].split("&"))
    assert timeline.count("customer") == 2


def test_the_address_of_the_board_is_the_one_of_the_messages() -> None:
    variables = dashboards()["at-risk"]["templating"]["list"]
    (board,) = (one for one in variables if one["name"] == "board")
    assert board["query"] == NotifySettings().board


def test_the_provisioned_folders_hold_the_dashboards() -> None:
    file = ROOT / "grafana" / "provisioning" / "dashboards" / "nabiz.yaml"
    providers = yaml.safe_load(file.read_text())["providers"]
    folders = {one["options"]["path"] for one in providers}
    assert folders == {f"/etc/grafana/dashboards/{language}" for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_grafana_opens_with_the_first_dashboard(language: Language) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    environment = compose["services"]["grafana"]["environment"]
    home = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    path = home.replace("${ALERT_LANGUAGE:-tr}", language)
    assert (ROOT / path.removeprefix("/etc/")).exists()


def test_alert_rules_ask_the_source_that_is_provisioned_and_leave_no_variable() -> None:
    (group,) = json.loads((FOLDER / RULES).read_text(encoding="utf-8"))["groups"]
    assert len({rule["uid"] for rule in group["rules"]}) == len(group["rules"])
    for rule in group["rules"]:
        asked, limit = rule["data"]
        assert asked["datasourceUid"] == asked["model"]["datasource"]["uid"]
        assert limit["refId"] == rule["condition"]
        # Grafana would leave them as they are.
        assert "${" not in asked["model"]["rawSql"]
        assert "conditionalAll" not in asked["model"]["rawSql"]
        assert rule["annotations"]["summary_tr"]


def test_alert_rules_ring_at_a_contact_point_that_is_provisioned() -> None:
    contact = yaml.safe_load((FOLDER / "provisioning/alerting/contact.yaml").read_text())
    names = {point["name"] for point in contact["contactPoints"]}
    assert {policy["receiver"] for policy in contact["policies"]} <= names


@pytest.mark.parametrize(
    ("sql", "expanded"),
    [
        ("$__timeFilter(m)", "m >= toDateTime(1772409600) AND m <= toDateTime(1772496000)"),
        (
            "a > $__fromTime - 1 AND a < $__toTime",
            "a > toDateTime(1772409600) - 1 AND a < toDateTime(1772496000)",
        ),
        ("$__timeInterval(m)", "toStartOfInterval(toDateTime(m), INTERVAL 60 second)"),
        ("intDiv(m, $__interval_s)", "intDiv(m, 60)"),
        ("$__conditionalAll(a IN (${a:singlequote}), $a)", r"a IN ('x','it\'s')"),
        ("NOT ($__conditionalAll(f(b, ${b:singlequote}), $b))", "NOT (1=1)"),
        ("n < ${enough}", "n < 20"),
    ],
)
def test_macros_expand_as_the_plug_in_does(sql: str, expanded: str) -> None:
    variables = {"a": ["x", "it's"], "b": [], "enough": ["20"]}
    assert expand(sql, START, END, 60, variables) == expanded


def test_an_unknown_macro_is_refused() -> None:
    with pytest.raises(ValueError, match="__timeFlter"):
        expand("$__timeFlter(m)", START, END, 60, {})
