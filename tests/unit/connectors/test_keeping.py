"""What is kept of a delivery: what events are made of, and not what proves who sent it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.keeping import kept
from pipeline.connectors.setup.book import MappingBook

BOOK = MappingBook(Path(__file__).parents[3] / "connectors")
HEADERS = {
    "content-type": "application/json",
    "content-encoding": "identity",
    "x-shopify-topic": "orders/paid",
    "x-shopify-hmac-sha256": "hush",
    "x-api-key": "hush",
    "x-forwarded-for": "192.0.2.7",
    "user-agent": "Shop/1",
}


def keep(system: str, url: str) -> Delivery:
    delivery = Delivery("c-1", datetime(2026, 3, 1, tzinfo=UTC), b"{}", "POST", url, HEADERS)
    return kept(delivery, BOOK.mapping(system))


def test_headers_are_kept_of_which_events_are_made_and_those_that_tell_of_the_body() -> None:
    assert keep("shopify", "/in/c-1").headers.keys() == {
        *("content-type", "content-encoding", "x-shopify-topic"),
    }
    assert keep("trendyol", "/in/c-1").headers.keys() == {"content-type", "content-encoding"}


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("/in/c-1?token=hush", "/in/c-1"),
        ("/in/c-1?a=%C3%A7&token=hush&b", "/in/c-1?a=%C3%A7&b"),
        ("/in/c-1?t%6Fken=hush&api_key=hush", "/in/c-1"),
        ("/in/c-1?", "/in/c-1"),
        ("/in/c-1", "/in/c-1"),
    ],
)
def test_parameters_that_prove_the_sender_are_not_kept(url: str, left: str) -> None:
    assert keep("whatsapp", url).url == left
    assert keep("shopify", url).url == left
