"""The role `poll` on real Kafka: a source that pages, limits, fails and forgets who we are."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import yaml
from kafka import KafkaConsumer
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.connectors.sealing import Seal
from pipeline.contracts.topology import DEAD_LETTERS, POLL_REQUESTS, RECEIVED
from tests.support.http_servers import Quiet, serving
from tests.support.role_on_kafka import worker
from tests.support.servers_kafka import topics_for_now

KEY = "a-key-of-a-test-that-is-long-enough"
MAPPING = """
system: shop
title: {tr: Mağaza, en: Shop}
transports: [poll]
settings:
  base_url: {meaning: {tr: Adres, en: Address}, required: true}
  token_url: {meaning: {tr: Adres, en: Address}}
  client_id: {meaning: {tr: İstemci, en: Client}}
polls:
  reviews:
    url: "{connection.base_url}/reviews"
    query: {from: "{since | unix_s}", page: "{page}"}
    items: body.items
    next: "{body.next}"
    first: 2d
    every: 1s
    calls_per_minute: 6000
things:
  - each: {item: "body.items[]"}
    events:
      - {id: "{item.id}", revision: "{item.changed}", type: review, text: "{item.text}",
         occurred_at: "{item.at | epoch_s}", customer_id: "{item.id}", channel: app}
"""


class Shop:
    """A source whose entries are by when they were made or changed; two fit on a page.

    A token is good for ten questions, every seventh answer is 429 and every ninth 500.
    """

    def __init__(self) -> None:
        self.entries: dict[int, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self.answers: list[int] = []
        self.tokens = 0
        self.left = 0

    def put(self, number: int, text: str, changed: float) -> None:
        with self.lock:
            entry = {"id": number, "at": 1_772_400_000, "changed": int(changed), "text": text}
            self.entries[number] = entry

    def token(self) -> tuple[int, Any]:
        with self.lock:
            self.tokens, self.left = self.tokens + 1, 10
            return 200, {"access_token": f"t{self.tokens}", "expires_in": 3_600}

    def reviews(self, query: dict[str, str], authorization: str) -> tuple[int, Any]:
        with self.lock:
            if authorization != f"Bearer t{self.tokens}" or not self.left:
                return 401, {}
            self.left -= 1
            if len(self.answers) % 7 == 3:
                return 429, {}
            if len(self.answers) % 9 == 5:
                return 500, {}
            seen = [e for e in self.entries.values() if e["changed"] >= int(query["from"])]
            start = int(query.get("page", "0"))
            items = sorted(seen, key=lambda entry: entry["id"])[start : start + 2]
            following = {"next": str(start + 2)} if start + 2 < len(seen) else {}
            return 200, {"items": items, **following}


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    class Handler(Quiet):
        def do_POST(self) -> None:  # noqa: N802
            self.rfile.read(int(self.headers["content-length"]))
            self.answer(*shop.token())

        def do_GET(self) -> None:  # noqa: N802
            query = {n: v[0] for n, v in parse_qs(urlsplit(self.path).query).items()}
            status, body = shop.reviews(query, self.headers.get("authorization", ""))
            shop.answers.append(status)
            self.answer(status, body, **({"retry_after": "1"} if status == 429 else {}))

    with serving(Handler) as address:
        yield f"http://{address}"


def company(folder: Path, api: str) -> dict[str, str]:
    """Write a mapping and a connection; return the settings of a worker."""
    system = folder / "connectors" / "shop"
    (system / "fixtures").mkdir(parents=True)
    (system / "mapping.yaml").write_text(MAPPING)
    fixture = {
        "system": "shop",
        "transport": "poll",
        "body": {"items": [{"id": 1, "at": 1_772_400_000, "changed": 1, "text": "iyi"}]},
        "expect": {"outcome": "events", "events": [{}]},
    }
    (system / "fixtures" / "page.json").write_bytes(msgspec.json.encode(fixture))
    oauth = {"token_url": f"{api}/token", "client_id": "nabiz"}
    entry = {"name": "shop", "system": "shop", "base_url": api, **oauth}
    file = folder / "connections.yaml"
    file.write_text(yaml.safe_dump({"connections": [entry]}))
    return {
        "NABIZ_CONNECTORS_FILE": str(file),
        "NABIZ_CONNECTORS_FOLDER": str(folder / "connectors"),
        "NABIZ_CONNECTORS_KEY": KEY,
    }


def test_everything_that_a_source_has_comes_whoever_is_killed_in_between(
    tmp_path: Path, kafka: str
) -> None:
    shop, now = Shop(), time.time()
    for number in range(9):
        shop.put(number, "ilk", now - 3_600 * number)
    with (
        served(shop) as api,
        topics_for_now(kafka, 2, POLL_REQUESTS, RECEIVED, DEAD_LETTERS),
        Deliveries(kafka) as deliveries,
    ):
        settings = company(tmp_path, api)
        with worker("poll", tmp_path, kafka, **settings) as process:
            deliveries.until({(number, "ilk") for number in range(3)})
            process.send_signal(signal.SIGKILL)
            process.wait()
        shop.put(4, "sonra", now)
        shop.put(20, "geç", now - 1_800)  # made half an hour ago, seen only now
        with worker("poll", tmp_path, kafka, **settings) as process:
            deliveries.until({(n, "ilk") for n in range(9) if n != 4} | {(4, "sonra"), (20, "geç")})
            shop.put(21, "yeni", time.time())
            shop.put(22, "daha geç", time.time() - 3_000)
            deliveries.until({(21, "yeni"), (22, "daha geç")})
            asked = len(shop.answers)
            bodies = deliveries.count
            for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.05)):
                with attempt:
                    assert len(shop.answers) > asked + 4
            shop.put(4, "bir daha", time.time())
            deliveries.until({(4, "bir daha")})
            assert deliveries.count - bodies < len(shop.answers) - asked
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (tmp_path / "log").read_text()
    assert {200, 401, 429, 500} <= {*shop.answers}


class Deliveries:
    """What comes on cx.received, opened."""

    def __init__(self, kafka: str) -> None:
        self._consumer = KafkaConsumer(
            RECEIVED,
            bootstrap_servers=kafka,
            auto_offset_reset="earliest",
            consumer_timeout_ms=60_000,
        )
        self._seal, self._found, self.count = Seal([KEY]), set[tuple[int, str]](), 0

    def __enter__(self) -> "Deliveries":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def until(self, wanted: set[tuple[int, str]]) -> None:
        """Read until these entries, by number and text, have come."""
        if wanted <= self._found:
            return
        for one in self._consumer:
            delivery = self._seal.opened(one.value)
            assert (one.key, delivery.connection) == (b"shop", "shop")
            self.count += 1
            items = msgspec.json.decode(delivery.body)["items"]
            self._found |= {(item["id"], item["text"]) for item in items}
            if wanted <= self._found:
                return
        raise AssertionError(f"never came: {wanted - self._found}")
