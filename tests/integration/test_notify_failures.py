"""Channels that are down, slow or refuse, and workers that end: each message comes, once."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from agents.runtime.state_store import StateKey
from pipeline.channels.open import open_channel
from pipeline.common.ports import HOST, free_port
from tests.support import state_stores as states
from tests.support.listeners import alertmanager, alerts_at, http_recorder
from tests.support.notifiers import PLACE, Desk, count, until
from tests.support.notify_cases import ALERT_ID, ROUTES, alert


async def test_a_channel_that_is_down_is_tried_then_replaced_and_used_again_once_it_is_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    with http_recorder() as next_one:
        urls = {"chat": f"json://{HOST}:{port}", "mail": f"json://{next_one.url}"}
        play = Desk(tmp_path, **urls)
        start = play.now
        before = {result: count("chat", result) for result in ("retried", "failed", "sent")}
        with capture_logs() as logs:
            outbox = await play.through(alert(at=start))
            assert [one["title"] for one in next_one.came] == ["[high] Wants to leave"]
            assert count("chat", "retried") > before["retried"]
            assert count("chat", "failed") == before["failed"] + 1
            with http_recorder(port) as back:
                play.now += timedelta(seconds=31)
                other = alert(id=ALERT_ID[:-1] + "2", at=start, customer_id="m-1")
                await play.through(other, outbox=outbox)
                assert len(back.came) == 1
                assert len(next_one.came) == 1
                await play.through(alert(2, at=start, state="resolved"), outbox=outbox)
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
        play = Desk(tmp_path, **urls)
        outbox = play.outbox()
        for number in range(6):
            id_ = f"6f1d0b5a-0000-4000-8000-{number:012}"
            place = StateKey(0, f"m-{number}")
            async with asyncio.timeout(1):
                mine = alert(id=id_, at=play.now, customer_id=place.customer_id)
                await outbox.process({place: play.published(mine)})
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
        await killed.process({PLACE: play.published(alert(at=play.now, severity="critical"))})
        await until(lambda: len(events.came) == 1 and len(alerts_at(address)) == 1)
        play.world.steps_to_live = states.FOREVER
        again = play.outbox()
        again.send_due()
        await again.idle()
        # Sent twice, and one incident and one alert there: the key and the labels are the same.
        assert len({one["dedup_key"] for one in events.came}) == 1
        assert len(await asyncio.to_thread(alerts_at, address)) == 1
        came = len(events.came)
        third = await play.through(alert(at=play.now, severity="critical"))
        third.send_due()
        await third.idle()
        assert len(events.came) == came


async def test_nothing_is_sent_of_what_is_not_durable_yet(tmp_path: Path) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, chat=f"json://{hook.url}")
        outbox = play.outbox()
        play.world.steps_to_live = 0
        taking = asyncio.create_task(
            outbox.process({PLACE: play.published(alert(at=play.now, severity="critical"))})
        )
        await asyncio.sleep(0)  # it has noted the change, and waits for the states
        outbox.send_due()
        await outbox.idle()
        assert not taking.done()
        assert not hook.came
        taking.cancel()
        play.world.steps_to_live = states.FOREVER
        await play.through(alert(at=play.now, severity="critical"))
        assert len(hook.came) == 1


async def test_before_partitions_go_what_is_being_sent_is_sent_and_kept(tmp_path: Path) -> None:
    with http_recorder() as hook:
        play = Desk(tmp_path, chat=f"json://{hook.url}")
        outbox = play.outbox()
        hook.gate.clear()
        await outbox.process({PLACE: play.published(alert(at=play.now))})
        settling = asyncio.create_task(outbox.release())
        await asyncio.sleep(0)
        hook.gate.set()
        await settling
        next_worker = play.outbox()
        next_worker.send_due()
        await next_worker.idle()
        assert len(hook.came) == 1


async def test_a_channel_that_refuses_is_not_tried_again_at_once(tmp_path: Path) -> None:
    with http_recorder() as events, http_recorder() as chat:
        events.status = 400
        play = Desk(tmp_path, duty="pagerduty://key", chat=f"json://{chat.url}")
        play.settings = play.settings.model_copy(update={"pagerduty": f"http://{events.url}"})
        retried = count("duty", "retried")
        await play.through(alert(at=play.now, severity="critical"))
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
        play.now = play.now.astimezone(play.desk.zone).replace(hour=23, minute=0)
        outbox = play.outbox()
        ids = [f"6f1d0b5a-0000-4000-8000-{number:012}" for number in range(3)]
        for number, id_ in enumerate(ids):
            customer_id = "<poison>" if number == 1 else f"m-{number}"
            mine = alert(id=id_, at=play.now, customer_id=customer_id)
            await outbox.process({StateKey(0, customer_id): play.published(mine)})
        play.now += timedelta(hours=9)
        outbox.send_due()
        await outbox.idle()
        assert sorted(one["message"].splitlines()[0] for one in hook.came) == [
            "Customer: m-0",
            "Customer: m-2",
        ]
        play.now += timedelta(minutes=2)
        outbox.send_due()
        await outbox.idle()
        assert hook.came[-1]["message"] == f"http://board/alerts/{ids[1]}"
