"""A customer who leaves without having said so: told in time, by few alerts, as one case."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.machine import running_machine

START = datetime(2026, 3, 2, tzinfo=UTC)
USAGE = [52.0, 47.0, 55.0, 49.0, 61.0, 58.0, 44.0] * 4
FADING = [41.0, 36.0, 30.0, 25.0, 20.0, 16.0, 11.0, 8.0, 6.0, 5.0]
PROMISED = START + timedelta(days=26, hours=15)
LEFT = START + timedelta(days=38, hours=9)


def at(days: float, hours: float = 0.0) -> str:
    return (START + timedelta(days=days, hours=hours)).isoformat()


def story() -> Iterator[dict[str, Any]]:
    """Minutes of every day, a SIM card that does not come, a bot, a score, and the exit."""
    for day, minutes in enumerate(USAGE + FADING):
        attributes = {"minutes": minutes}
        yield {"type": "usage", "occurred_at": at(day, 23), "attributes": attributes}
    promise = {"promised_at": PROMISED.isoformat()}
    order = {"order_id": "S-9", "touchpoint": "SIM kart"}
    yield {"type": "order.promised", "occurred_at": at(24), "attributes": promise, **order}
    chat = {"type": "message", "channel": "chat", "touchpoint": "SIM kart"}
    customer, agent = {"author_type": "customer"}, {"author_type": "agent"}
    yield chat | customer | {"occurred_at": at(27, 9), "text": "Kartım dün gelecekti, nerede?"}
    yield chat | agent | {"occurred_at": at(27, 9.2), "text": "Kontrol edip sizi arayacağız."}
    yield {"type": "order.delivered", "occurred_at": at(30, 12), **order}
    bot = {"type": "message", "channel": "bot", "touchpoint": "fatura", "author_type": "bot"}
    missed = "Üzgünüm, ne demek istediğinizi anlayamadım."
    for turn, (author, text) in enumerate(
        [
            ("customer", "Faturamda kullanmadığım bir servis var."),
            ("bot", missed),
            ("customer", "O servisi ben açmadım, iptal istiyorum."),
            ("bot", missed),
            ("customer", "Müşteri temsilcisine bağlanmak istiyorum"),
            ("bot", "Şu anda müşteri temsilcimiz bulunmamaktadır."),
        ]
    ):
        said = {"author_type": author, "text": text, "occurred_at": at(31, 17 + turn / 60)}
        yield bot | said
    score = {"metric": "nps", "value": 2, "scale_min": 0, "scale_max": 10}
    praise = "Mağazadaki arkadaş çok ilgiliydi, teşekkürler."
    answer = {"score": score, "text": praise, "author_type": "customer"}
    yield {"type": "survey", "channel": "survey", "occurred_at": at(32, 8), **answer}
    page = {"touchpoint": "numara taşıma", "author_type": "customer"}
    yield {"type": "visit", "channel": "web", "occurred_at": at(35, 18), **page}
    call = {"text": "Sözleşmem ne zaman bitiyor, cayma bedeli var mı?", "author_type": "customer"}
    yield {"type": "call", "channel": "call", "occurred_at": at(37, 13), **call}
    yield {"type": "subscription.cancelled", "occurred_at": LEFT.isoformat()}


def events() -> Iterator[str]:
    common = {"customer_id": "s-1", "channel": "network", "author_type": "system"}
    ordered = sorted(story(), key=lambda one: str(one["occurred_at"]))
    for number, one in enumerate(ordered):
        yield json.dumps({**common, "event_id": f"s-{number}", **one})


def test_who_leaves_without_a_word_is_told_in_time_in_few_alerts_and_one_case(
    tmp_path: Path,
) -> None:
    file = tmp_path / "story.jsonl"
    file.write_text("\n".join(events()), encoding="utf-8")
    with running_machine(tmp_path / "data") as nabiz:
        nabiz.run("replay", str(file), "--source", "events")
        nabiz.run("drain")
        alerts = {one["cause"]: one for one in nabiz.json("alerts", "--customer", "s-1")}
    opened = {cause: datetime.fromisoformat(one["opened_at"]) for cause, one in alerts.items()}
    assert opened.keys() == {
        "promise_broken",
        "conversation_goes_wrong",
        "dissatisfied_score",
        "usage_fading",
        "churn_intent",
        "customer_left",
    }
    assert opened["promise_broken"] - PROMISED <= timedelta(hours=12)
    assert opened["conversation_goes_wrong"] <= START + timedelta(days=31, hours=17, minutes=5)
    assert LEFT - opened["usage_fading"] >= timedelta(days=3)
    assert min(opened.values()) <= LEFT - timedelta(days=5)
    assert alerts["churn_intent"]["severity"] == "critical"
    assert alerts.pop("customer_left")["state"] == "open"
    assert {one["ended_by"] for one in alerts.values()} == {"customer_lost"}
    score = alerts["dissatisfied_score"]
    assert score["remark"]["en"].startswith("Gave 2, yet the words praise")
    assert not any("ilgiliydi" in proof["quote"] for proof in score["evidence"])
    assert "minutes" in alerts["usage_fading"]["remark"]["en"]
