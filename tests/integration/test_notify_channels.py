"""Messages on their way to real channels: what comes, once, and what one that is down costs."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from agents.outbox import Outbox
from agents.states import Place
from pipeline.channels.open import open_channel, open_channels
from pipeline.notify.case import Change
from pipeline.ports import HOST, free_port
from pipeline.setting_groups import NotifySettings
from tests import states
from tests.listeners import alertmanager, alerts_at, http_recorder, smtp_recorder
from tests.notices import ALERT_ID, ROUTES, alert, desk, follow_up

NOW = datetime.now().astimezone().replace(microsecond=0)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alertmanager goes by its own clock: what was sent as of minutes ago has ended there."""
    monkeypatch.setitem(globals(), "NOW", datetime.now().astimezone().replace(microsecond=0))


PLACE = Place(0, "m-1")
DAY = ROUTES.replace("quiet: night\n", "")
"""Routes without quiet hours: these tests run at any hour."""


class World(states.World):
    """A worker that is killed stands still: an outbox works in tasks of its own."""

    async def live(self) -> None:
        if self.steps_to_live == 0:
            await asyncio.Event().wait()
        await super().live()


class Desk:
    """Outboxes one after the other on the same states, and the clock."""

    def __init__(self, folder: Path, routes: str = DAY, **channels: str) -> None:
        secrets = {name: SecretStr(url) for name, url in channels.items()}
        self.settings = NotifySettings(
            channels=secrets, retry_seconds=0.5, timeout=2, board="http://board/"
        )
        self.desk = desk(folder, routes)
        self.world = World()
        self.now = NOW

    def outbox(self) -> Outbox:
        channels = open_channels(self.settings)
        table = states.Table(self.world)
        made = Outbox(self.desk, channels, table, self.settings, lambda: self.now)
        made.load()
        return made

    async def through(self, *changes: Change, outbox: Outbox | None = None) -> Outbox:
        """Take changes in, and return when all that is due has been sent."""
        outbox = outbox or self.outbox()
        await outbox.take({PLACE: changes})
        await outbox.idle()
        return outbox


def count(channel: str, result: str) -> float:
    labels = {"channel": channel, "result": result}
    return REGISTRY.get_sample_value("nabiz_notifications_total", labels) or 0.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_alertmanager_holds_an_alert_open_until_its_last_message(tmp_path: Path) -> None:
    with alertmanager(tmp_path) as address:
        play = Desk(tmp_path, am=f"alertmanager://{address}")
        outbox = await play.through(alert(at=NOW, brand="Acme"))
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
        worse = alert(2, at=NOW, severity="critical", brand="Acme")
        await play.through(worse, outbox=outbox)
        severities = [one["labels"]["severity"] for one in alerts_at(address)]
        play.now = NOW
        await play.through(alert(3, at=NOW, state="resolved", brand="Acme"), outbox=outbox)
        assert "critical" in severities
        await until(lambda: not [a for a in alerts_at(address) if _is_open(a)])


def _is_open(shown: dict[str, Any]) -> bool:
    return datetime.fromisoformat(shown["endsAt"]) > datetime.now().astimezone()


async def test_pagerduty_has_one_incident_an_alert(tmp_path: Path) -> None:
    with http_recorder() as events:
        play = Desk(tmp_path, duty="pagerduty://key")
        play.settings = play.settings.model_copy(update={"pagerduty": f"http://{events.url}"})
        outbox = await play.through(alert(at=NOW, severity="critical"))
        await play.through(follow_up(2, at=NOW, stage="acknowledged"), outbox=outbox)
        await play.through(alert(2, at=NOW, state="resolved"), outbox=outbox)
        assert [one["event_action"] for one in events.came] == ["trigger", "acknowledge", "resolve"]
        assert {one["dedup_key"] for one in events.came} == {ALERT_ID}
        assert {one["routing_key"] for one in events.came} == {"key"}
        assert events.came[0]["payload"]["severity"] == "critical"
        assert events.came[0]["payload"]["summary"] == "[critical] Wants to leave"


async def test_an_email_has_the_quote_and_a_message_id_that_stays(tmp_path: Path) -> None:
    with smtp_recorder() as mails:
        play = Desk(tmp_path, mail=f"smtp://{mails.url}/?from=nabiz@example.com&to=a@x.org,b@x.org")
        await play.through(alert(at=NOW))
        play.world.states.clear()
        await play.through(alert(at=NOW))
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
        await Desk(tmp_path, chat=f"json://{hook.url}").through(alert(at=NOW))
        (came,) = hook.came
        assert came["title"] == "[high] Wants to leave"
        assert "What to do: Call within the hour." in came["message"]


async def test_what_was_held_back_at_night_comes_as_one_digest_in_the_morning(
    tmp_path: Path,
) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, ROUTES, chat=f"json://{hook.url}")
        play.now = NOW.astimezone(play.desk.zone).replace(hour=23, minute=0)
        outbox = play.outbox()
        ids = [f"6f1d0b5a-0000-4000-8000-{number:012}" for number in range(3)]
        for number, id_ in enumerate(ids):
            mine = alert(id=id_, at=play.now, customer_id=f"m-{number}")
            await outbox.take({Place(0, mine.customer_id): [mine]})
        await outbox.idle()
        assert hook.came == []
        play.now += timedelta(hours=9)
        restarted = play.outbox()
        restarted.look()
        await restarted.idle()
        restarted.look()
        await restarted.idle()
        (came,) = hook.came
        assert came["title"] == "Alerts of the quiet hours: 3"
        assert all(f"http://board/alerts/{id_}" in came["message"] for id_ in ids)


async def test_a_channel_that_is_down_is_tried_then_replaced_and_used_again_once_it_is_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    with http_recorder() as next_one:
        urls = {"chat": f"json://{HOST}:{port}", "mail": f"json://{next_one.url}"}
        play = Desk(tmp_path, **urls)
        before = {result: count("chat", result) for result in ("retried", "failed", "sent")}
        with capture_logs() as logs:
            outbox = await play.through(alert(at=NOW))
            assert [one["title"] for one in next_one.came] == ["[high] Wants to leave"]
            assert count("chat", "retried") > before["retried"]
            assert count("chat", "failed") == before["failed"] + 1
            with http_recorder(port) as back:
                play.now += timedelta(seconds=31)
                other = alert(id=ALERT_ID[:-1] + "2", at=NOW, customer_id="m-1")
                await play.through(other, outbox=outbox)
                assert len(back.came) == 1
                assert len(next_one.came) == 1
                await play.through(alert(2, at=NOW, state="resolved"), outbox=outbox)
                assert len(back.came) == 1
                assert next_one.came[-1]["title"] == "Ended by itself: Wants to leave"
        assert [one["event"] for one in logs] == ["channel is down", "channel is back"]
        assert "Bir daha" not in json.dumps(logs)


async def test_a_slow_channel_holds_up_neither_the_others_nor_the_reading_of_topics(
    tmp_path: Path,
) -> None:
    with http_recorder() as slow, http_recorder() as quick:
        slow.gate.clear()
        urls = {"am": f"json://{slow.url}", "chat": f"json://{quick.url}"}
        outbox = Desk(tmp_path, **urls).outbox()
        for number in range(6):
            id_ = f"6f1d0b5a-0000-4000-8000-{number:012}"
            place = Place(0, f"m-{number}")
            async with asyncio.timeout(1):
                await outbox.take({place: [alert(id=id_, at=NOW, customer_id=place.customer_id)]})
        await until(lambda: len(quick.came) == 6)
        assert slow.came == []
        slow.gate.set()
        await outbox.idle()


async def test_a_worker_killed_after_the_send_rings_no_second_time(tmp_path: Path) -> None:
    with http_recorder() as events, alertmanager(tmp_path) as address:
        play = Desk(tmp_path, duty="pagerduty://key", am=f"alertmanager://{address}")
        play.settings = play.settings.model_copy(update={"pagerduty": f"http://{events.url}"})
        killed = play.outbox()
        play.world.steps_to_live = 1  # the states of the alert; not what the channels confirmed
        await killed.take({PLACE: [alert(at=NOW, severity="critical")]})
        await until(lambda: len(events.came) == 1 and len(alerts_at(address)) == 1)
        play.world.steps_to_live = states.FOREVER
        again = play.outbox()
        again.look()
        await again.idle()
        # Sent twice, and one incident and one alert there: the key and the labels are the same.
        assert len({one["dedup_key"] for one in events.came}) == 1
        assert len(await asyncio.to_thread(alerts_at, address)) == 1
        came = len(events.came)
        third = await play.through(alert(at=NOW, severity="critical"))
        third.look()
        await third.idle()
        assert len(events.came) == came


async def test_nothing_is_sent_of_what_is_not_durable_yet(tmp_path: Path) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, chat=f"json://{hook.url}")
        outbox = play.outbox()
        play.world.steps_to_live = 0
        taking = asyncio.create_task(outbox.take({PLACE: [alert(at=NOW, severity="critical")]}))
        await asyncio.sleep(0)  # it has noted the change, and waits for the states
        outbox.look()
        await outbox.idle()
        assert not taking.done()
        assert not hook.came
        taking.cancel()
        play.world.steps_to_live = states.FOREVER
        await play.through(alert(at=NOW, severity="critical"))
        assert len(hook.came) == 1


async def test_before_partitions_go_what_is_being_sent_is_sent_and_kept(tmp_path: Path) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, chat=f"json://{hook.url}")
        outbox = play.outbox()
        hook.gate.clear()
        await outbox.take({PLACE: [alert(at=NOW)]})
        settling = asyncio.create_task(outbox.settle())
        await asyncio.sleep(0)
        hook.gate.set()
        await settling
        next_worker = play.outbox()
        next_worker.look()
        await next_worker.idle()
        assert len(hook.came) == 1


async def test_without_channels_alerts_are_only_counted(tmp_path: Path) -> None:
    before = count("none", "not_configured")
    await Desk(tmp_path).through(alert(at=NOW), alert(2, at=NOW, quote="Yeter!"))
    assert count("none", "not_configured") == before + 1


async def test_a_channel_that_refuses_is_not_tried_again_at_once(tmp_path: Path) -> None:
    with http_recorder() as events, http_recorder() as chat:
        events.status = 400
        play = Desk(tmp_path, duty="pagerduty://key", chat=f"json://{chat.url}")
        play.settings = play.settings.model_copy(update={"pagerduty": f"http://{events.url}"})
        retried = count("duty", "retried")
        await play.through(alert(at=NOW, severity="critical"))
        assert len(chat.came) == 1
        assert count("duty", "retried") == retried
        channel = open_channel("duty", "pagerduty://key", play.settings)
        assert "answers" in await channel.probe()


async def test_one_message_that_a_channel_refuses_keeps_no_other_of_a_digest_back(
    tmp_path: Path,
) -> None:
    with http_recorder() as hook:
        hook.refuses = "<poison>"
        play = Desk(tmp_path, ROUTES, chat=f"json://{hook.url}")
        play.now = NOW.astimezone(play.desk.zone).replace(hour=23, minute=0)
        outbox = play.outbox()
        ids = [f"6f1d0b5a-0000-4000-8000-{number:012}" for number in range(3)]
        for number, id_ in enumerate(ids):
            customer_id = "<poison>" if number == 1 else f"m-{number}"
            mine = alert(id=id_, at=play.now, customer_id=customer_id)
            await outbox.take({Place(0, customer_id): [mine]})
        play.now += timedelta(hours=9)
        outbox.look()
        await outbox.idle()
        assert sorted(one["message"].splitlines()[0] for one in hook.came) == [
            "Customer: m-0",
            "Customer: m-2",
        ]
        play.now += timedelta(minutes=2)
        outbox.look()
        await outbox.idle()
        assert hook.came[-1]["message"] == f"http://board/alerts/{ids[1]}"
