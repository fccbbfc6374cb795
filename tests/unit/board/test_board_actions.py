"""What is done about an alert from the board, by whom, and what is refused."""

import html
import re
from pathlib import Path

import pytest
from litestar.testing import TestClient

from tests.support.board_items import MINUTE, alert
from tests.support.login_api import CHEAP, log_in
from tests.support.simulated_company import Company, app_of
from tests.unit.board.pages import Client, Clock, book, page, press, titles


def test_buttons_lead_through_the_stages(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert()])
    for do, fields, said, stage in (
        ("acknowledge", {}, "Acknowledged", "acknowledged"),
        ("contact", {}, "Contacted", "contacted"),
        ("resolve", {"outcome": "rescued", "note": "Ok"}, "Resolved", "resolved"),
        ("inform", {}, "Informed", "resolved"),
    ):
        clock.now += MINUTE
        answer = press(client, do, **fields)
        assert (answer.status_code, answer.json()) == (200, {"said": said})
        found = company.live.get("a1")
        assert found is not None
        assert found.stage == stage
    assert [one.by for one in company.done] == ["local"] * 4
    assert titles(page(client)) == []
    text = page(client, "/board?view=done")
    assert titles(text) == ["a1"]
    assert "Customer kept" in text


def test_a_snoozed_alert_comes_back(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert()])
    press(client, "snooze:30")
    assert titles(page(client)) == []
    assert titles(page(client, "/board?view=snoozed")) == ["a1"]
    clock.now += 31 * MINUTE
    assert titles(page(client)) == ["a1"]


@pytest.mark.parametrize("minutes", ["0", "-5", "10081", "00000199999999999999", "9" * 5_000, "x"])
def test_an_alert_is_put_off_for_a_week_at_most(
    client: Client, company: Company, minutes: str
) -> None:
    company.happen([alert()])
    assert press(client, f"snooze:{minutes}").status_code == 400
    assert company.done == []


def test_an_action_can_be_taken_back(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert()])
    press(client, "acknowledge")
    clock.now += MINUTE
    (undo,) = re.findall(r'value="(undo:[^"]+)"', page(client))
    assert press(client, undo).status_code == 200
    found = company.live.get("a1")
    assert found is not None
    assert (found.stage, found.owner) == ("open", None)
    assert "undo:" not in page(client)


def test_who_presses_on_an_old_page_is_told_what_happened_meanwhile(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', page(client))
    assert press(client, "acknowledge", seen=seen).status_code == 200
    answer = press(client, "acknowledge", seen=seen)
    assert answer.status_code == 409
    assert "Acknowledged, local" in answer.json()["said"]
    assert len(company.done) == 1
    assert press(client, "contact", seen=answer.json()["seen"]).status_code == 200


@pytest.mark.parametrize(
    ("do", "alert_id", "status", "said"),
    [
        ("burn", "a1", 400, "There is no such action."),
        ("note", "a1", 400, "The note is empty."),
        ("acknowledge", "nobody", 404, "There is no such alert."),
    ],
)
def test_what_cannot_be_done_is_said(
    client: Client, company: Company, do: str, alert_id: str, status: int, said: str
) -> None:
    company.happen([alert()])
    answer = press(client, do, alert_id)
    assert (answer.status_code, answer.json()["said"]) == (status, said)
    form = client.post(f"/board/alerts/{alert_id}/actions", data={"do": do})
    assert form.status_code == status
    assert said in html.unescape(form.text)


def test_without_scripts_a_button_leads_back_to_the_page_and_nowhere_else(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    client.follow_redirects = False
    for back, to in (("/board?view=mine", "/board?view=mine"), ("https://evil.example/", "/")):
        form = {"do": "contact", "back": back}
        answer = client.post("/board/alerts/a1/actions", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, to)


def test_a_viewer_sees_no_buttons_and_may_not_act(company: Company, tmp_path: Path) -> None:
    company.happen([alert()])
    app = app_of(company, book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        assert client.get("/board", headers={"accept": "text/html"}).url.path == "/login"
        assert client.get("/board/static/board.css").status_code == 200
        log_in(client, "viewer")
        text = page(client)
        assert titles(text) == ["a1"]
        assert "<button name=" not in text
        token = re.findall(r'data-csrf="([^"]+)"', text)[0]
        assert press(client, "contact", csrf_token=token).status_code == 403
    assert company.done == []


def test_an_agent_acts_with_the_token_of_the_page_and_it_is_noted(
    company: Company, tmp_path: Path
) -> None:
    company.happen([alert()])
    app = app_of(company, book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        log_in(client, "agent")
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page(client)))
        assert press(client, "contact").status_code == 403
        assert press(client, "contact", csrf_token=token).status_code == 200
        page(client, "/board/alerts/a1")
        client.app.state.access._trail.flush()
    assert [one.by for one in company.done] == ["agent"]
    noted = [(one.what, one.status, one.customer_id, one.alert_id) for one in company.noted]
    assert noted[-2:] == [("alert.contact", 200, "c1", "a1"), ("alert.viewed", 200, "c1", "a1")]
