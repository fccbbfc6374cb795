"""Turns tweets to a brand into `post` events, identified by their id and not by their text."""

import msgspec

from pipeline.ingest.decode import encode_event, parse, parse_event
from pipeline.model.event import Event, Moment
from pipeline.model.event_types import EventType

CHANNEL = "twitter"


class Tweet(msgspec.Struct, frozen=True):
    """A line of the file."""

    id: str
    occurred_at: Moment
    author: str
    text: str
    brand: str | None = None
    retweets: int | None = None


_TWEETS = msgspec.json.Decoder(Tweet)


def events_of(line: bytes) -> tuple[Event, ...]:
    """Return the post. Raises Invalid."""
    tweet = parse(_TWEETS, line)
    post = Event(
        event_id=tweet.id,
        occurred_at=tweet.occurred_at,
        customer_id=tweet.author,
        channel=CHANNEL,
        type=EventType.POST,
        text=tweet.text,
        brand=tweet.brand,
        source=CHANNEL,
        attributes={} if tweet.retweets is None else {"retweets": tweet.retweets},
    )
    return (parse_event(encode_event(post)),)
