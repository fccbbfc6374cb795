"""How many invalid messages a worker bears before it stops."""

import pytest

from agents.processors.invalid_limit import InvalidLimit, TooManyInvalid
from pipeline.config.groups import DeadLetterSettings

LIMIT = DeadLetterSettings(max_share=0.5, window=100)


def test_too_many_invalid_messages_stop_the_worker_once_the_window_is_full() -> None:
    limit = InvalidLimit(LIMIT)
    limit.check(valid=0, invalid=99)
    with pytest.raises(TooManyInvalid, match=r"100% of the last 100 .*MAX_SHARE=1"):
        limit.check(valid=0, invalid=1)


def test_the_share_is_that_of_whole_batches_however_large() -> None:
    limit = InvalidLimit(LIMIT)
    limit.check(valid=500, invalid=500)  # half: not too many, in whatever order they came
    with pytest.raises(TooManyInvalid, match="51% of the last 1000"):
        limit.check(valid=490, invalid=510)


def test_a_long_good_past_does_not_hide_a_flood() -> None:
    limit = InvalidLimit(LIMIT)
    limit.check(valid=10_000, invalid=0)
    with pytest.raises(TooManyInvalid):
        limit.check(valid=0, invalid=100)


def test_all_may_be_invalid_where_that_is_set() -> None:
    limit = InvalidLimit(DeadLetterSettings(max_share=1, window=10))
    limit.check(valid=0, invalid=1_000)
