"""Messages of every codec that producers use are read by all that watch the topics."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.broker import lag
from pipeline.broker.lag import LagReader
from pipeline.broker.tail import Tail
from tests.support.servers_kafka import new_topic


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
def test_a_compressed_message_is_read_and_its_age_is_known(
    kafka: str, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "AGE_TIMEOUT", 60.0)
    topic = new_topic(kafka, 1)

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka, compression_type=codec) as producer:
            await producer.send_and_wait(topic, b"x" * 500, key=b"c1")

    asyncio.run(send())
    with Tail(kafka, (topic,), datetime.now(UTC) - timedelta(minutes=5)) as tail:
        assert tail.read(60.0) == [(topic, b"x" * 500)]
    with LagReader(kafka) as reader:
        (found,) = reader.read({f"group-{topic}": [topic]}, datetime.now(UTC))
    assert found.events == 1
    assert found.seconds is not None
