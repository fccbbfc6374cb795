"""What each channel is told of alerts, in the form that it wants."""

import asyncio
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from agents.runtime.state_store import StateKey
from tests.support.listeners import alertmanager, alerts_at, http_recorder, smtp_recorder
from tests.support.notifiers import Desk, count, until
from tests.support.notify_cases import ALERT_ID, ROUTES, alert, follow_up


async def test_alertmanager_holds_an_alert_open_until_its_last_message(tmp_path: Path) -> None:
    with alertmanager(tmp_path) as address:
        play = Desk(tmp_path, am=f"alertmanager://{address}")
        start = play.now
        outbox = await play.through(alert(at=start, brand="Acme"))
        (shown,) = await asyncio.to_thread(alerts_at, address)
        assert shown["labels"] == {
            "alertname": "churn_intent",
            "severity": "high",
            "alert_id": ALERT_ID,
            "customer_id": "m-1",
            "brand": "Acme",
        }
        assert shown["annotations"]["summary"] == "[high] Wants to leave"
        assert "Bir daha asla!" in shown["annotations"]["description"]
        assert shown["generatorURL"] == f"http://board/alerts/{ALERT_ID}"
        first_end = datetime.fromisoformat(shown["endsAt"])
        play.now += timedelta(minutes=1)
        await outbox.keep_alive()
        (kept,) = await asyncio.to_thread(alerts_at, address)
        assert datetime.fromisoformat(kept["endsAt"]) == first_end + timedelta(minutes=1)
        play.now += timedelta(seconds=1)
        worse = alert(2, at=start, severity="critical", brand="Acme")
        await play.through(worse, outbox=outbox)
        severities = [one["labels"]["severity"] for one in alerts_at(address)]
        play.now = start
        await play.through(alert(3, at=start, state="resolved", brand="Acme"), outbox=outbox)
        assert "critical" in severities
        await until(lambda: not [a for a in alerts_at(address) if _is_open(a)])


def _is_open(shown: dict[str, Any]) -> bool:
    return datetime.fromisoformat(shown["endsAt"]) > datetime.now().astimezone()


async def test_pagerduty_has_one_incident_an_alert(tmp_path: Path) -> None:
    with http_recorder() as events:
        play = Desk(tmp_path, duty="pagerduty://key")
        play.settings = play.settings.model_copy(update={"pagerduty": f"http://{events.url}"})
        outbox = await play.through(alert(at=play.now, severity="critical"))
        await play.through(follow_up(2, at=play.now, stage="acknowledged"), outbox=outbox)
        ended = follow_up(3, at=play.now, stage="acknowledged", cause_ended_at=play.now)
        await play.through(alert(2, at=play.now, state="resolved"), ended, outbox=outbox)
        assert [one["event_action"] for one in events.came] == ["trigger", "acknowledge"]
        await play.through(follow_up(4, at=play.now, stage="resolved"), outbox=outbox)
        assert [one["event_action"] for one in events.came] == ["trigger", "acknowledge", "resolve"]
        assert {one["dedup_key"] for one in events.came} == {ALERT_ID}
        assert {one["routing_key"] for one in events.came} == {"key"}
        assert events.came[0]["payload"]["severity"] == "critical"
        assert events.came[0]["payload"]["summary"] == "[critical] Wants to leave"


async def test_an_email_has_the_quote_and_a_message_id_that_stays(tmp_path: Path) -> None:
    with smtp_recorder() as mails:
        play = Desk(tmp_path, mail=f"smtp://{mails.url}/?from=nabiz@example.com&to=a@x.org,b@x.org")
        await play.through(alert(at=play.now))
        play.world.states.clear()
        await play.through(alert(at=play.now))
        first, again = map(parsed, mails.came)
        assert mails.came[0].rcpt_tos == ["a@x.org", "b@x.org"]
        assert first["Subject"] == "[high] Wants to leave"
        assert "“Bir daha asla!”" in first.get_content()
        assert first["Message-ID"] == again["Message-ID"]


def parsed(envelope: Any) -> EmailMessage:
    found: Any = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


async def test_apprise_brings_a_message_to_a_web_hook(tmp_path: Path) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, chat=f"json://{hook.url}")
        await play.through(alert(at=play.now))
        (came,) = hook.came
        assert came["title"] == "[high] Wants to leave"
        assert "What to do: Call within the hour." in came["message"]


async def test_what_was_held_back_at_night_comes_as_one_digest_in_the_morning(
    tmp_path: Path,
) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, ROUTES, chat=f"json://{hook.url}")
        play.now = play.now.astimezone(play.desk.zone).replace(hour=23, minute=0)
        outbox = play.outbox()
        ids = [f"6f1d0b5a-0000-4000-8000-{number:012}" for number in range(3)]
        for number, id_ in enumerate(ids):
            mine = alert(id=id_, at=play.now, customer_id=f"m-{number}")
            await outbox.process({StateKey(0, mine.customer_id): play.published(mine)})
        await outbox.idle()
        assert hook.came == []
        play.now += timedelta(hours=9)
        restarted = play.outbox()
        restarted.send_due()
        await restarted.idle()
        restarted.send_due()
        await restarted.idle()
        (came,) = hook.came
        assert came["title"] == "Cases from the quiet hours: 3"
        assert all(f"http://board/alerts/{id_}" in came["message"] for id_ in ids)


async def test_without_channels_alerts_are_only_counted(tmp_path: Path) -> None:
    before = count("none", "not_configured")
    play = Desk(tmp_path)
    await play.through(alert(at=play.now), alert(2, at=play.now, quote="Yeter!"))
    assert count("none", "not_configured") == before + 1
