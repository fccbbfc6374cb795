"""The watch of the connections: what Prometheus is told of their silence."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.common import metrics
from pipeline.service.connection_watch import forget, measure
from tests.support import connector_company
from tests.support.board_items import NOW
from tests.support.connected import ZONE, connected, deliver, every
from tests.support.connector_company import GOOD

BODY = b'{"id": 1}'


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    forget()


def told(metric: object) -> dict[str, float]:
    (family,) = metric.collect()  # type: ignore[attr-defined]
    return {sample.labels["connection"]: sample.value for sample in family.samples}


def test_a_source_of_a_rhythm_is_measured_and_one_of_none_is_not(tmp_path: Path) -> None:
    desk = connector_company.Company(tmp_path)
    second = GOOD.replace("desk-1", "desk-2")
    connections = connected(desk.book(GOOD + second.lstrip("\n")), tmp_path / "connectors")
    for at in every(timedelta(minutes=30), NOW - timedelta(days=6), NOW):
        deliver(connections, "desk-1", at, BODY)
    deliver(connections, "desk-2", NOW, BODY)
    measure(connections.book, connections.traffic, NOW, ZONE)
    last = (NOW - timedelta(minutes=30)).timestamp()
    assert told(metrics.LAST_DELIVERY) == {"desk-1": last}
    assert 0 < told(metrics.CONNECTION_PATIENCE)["desk-1"] < 6 * 3600
    forget()
    assert told(metrics.LAST_DELIVERY) == {}
