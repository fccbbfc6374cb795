"""In which order a role is given what lies ready in several topics."""

import pytest

from agents.runtime.interleave import MOST_AHEAD
from tests.contract.conftest import Make
from tests.contract.worker import numbered, publish, publisher
from tests.support.servers_kafka import new_topic

FETCH = 100


@pytest.mark.fails_on_stock("it takes partitions in turn, however far one is behind another")
async def test_a_backlog_of_two_topics_comes_about_in_the_order_in_which_it_was_published(
    worker: Make, kafka: str
) -> None:
    many, few = new_topic(kafka, 1), new_topic(kafka, 1)
    published = 0
    for _ in range(20):
        for topic, count in ((many, 100), (few, 10)):
            await publish(kafka, topic, numbered(count, start=published))
            published += count
    async with worker(many, few, fetch=FETCH) as member:
        await member.has(published)
    numbers = [int(value) for value in member.values]
    assert sorted(numbers) == [*range(published)]
    assert max(abs(number - place) for place, number in enumerate(numbers)) <= 11 * MOST_AHEAD


async def test_a_transaction_that_stays_open_holds_up_no_other_topic(
    worker: Make, kafka: str
) -> None:
    open_ended, other = new_topic(kafka, 1), new_topic(kafka, 1)
    await publish(kafka, other, numbered(300))
    async with publisher(kafka, transactional_id="stays-open") as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(open_ended, b"undecided", partition=0)
        async with worker(open_ended, other, fetch=FETCH) as member:
            await member.until(lambda: b"299" in member.values)
            await publish(kafka, other, numbered(300, start=300))
            await member.until(lambda: b"599" in member.values)
        await producer.abort_transaction()
    assert [one for one in member.values if one != b"undecided"] == numbered(600)
