from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.broker.lag import Groups, PartitionLag, wait_until_drained

CHAIN = {"understand": ["in"], "detect": ["scored"], "record": ["scored", "alerts"]}
OUTPUT = {("understand", "in"): "scored", ("detect", "scored"): "alerts"}


class Company:
    """A chain of three roles; each call of `pause` lets every role read as much as `speed` says."""

    def __init__(self, events: int, speeds: list[int], arrivals: int = 0) -> None:
        self.ends = {"in": events, "scored": 0, "alerts": 0}
        self.read_up_to = {(role, topic): 0 for role, topics in CHAIN.items() for topic in topics}
        self.speeds = dict(zip(CHAIN, speeds, strict=True))
        self.arrivals = arrivals
        self.now = 0.0

    def read(self, groups: Groups, now: datetime | None) -> list[PartitionLag]:
        return [
            PartitionLag(group, topic, 0, None, end, end - self.read_up_to[group, topic], None)
            for group, topics in groups.items()
            for topic in topics
            for end in [self.ends[topic]]
        ]

    def pause(self, seconds: float) -> None:
        self.now += seconds
        # Last role first: what a role passes on is read a turn later, as over a network.
        for role, topic in reversed(self.read_up_to):
            unread = self.ends[topic] - self.read_up_to[role, topic]
            read = min(self.speeds[role], unread)
            self.read_up_to[role, topic] += read
            if (role, topic) in OUTPUT:
                self.ends[OUTPUT[role, topic]] += read
        self.ends["in"] += self.arrivals


def drain(company: Company, timeout: float) -> bool:
    return wait_until_drained(
        company, CHAIN, timeout, lambda lags: None, clock=lambda: company.now, pause=company.pause
    )


@settings(max_examples=50)
@given(events=st.integers(0, 40), speeds=st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_a_drained_chain_holds_nothing_between_its_roles(events: int, speeds: list[int]) -> None:
    company = Company(events, speeds)

    assert drain(company, timeout=1_000)

    assert company.ends == {"in": events, "scored": events, "alerts": events}
    assert company.read_up_to["record", "scored"] == events
    assert company.read_up_to["record", "alerts"] == events


def test_events_that_keep_arriving_do_not_prolong_the_wait() -> None:
    assert drain(Company(10, [5, 50, 50], arrivals=5), timeout=100)


def test_a_role_that_does_not_read_makes_the_wait_end_in_time() -> None:
    company = Company(10, [5, 0, 5])

    assert not drain(company, timeout=3)
    assert 3 <= company.now < 4


def test_progress_shows_what_is_left_of_the_role_that_is_waited_for() -> None:
    seen: list[tuple[str, int]] = []
    company = Company(10, [5, 10, 10])

    wait_until_drained(
        company,
        CHAIN,
        10,
        lambda lags: seen.append((lags[0].group, sum(lag.events for lag in lags))),
        clock=lambda: company.now,
        pause=company.pause,
    )

    assert seen[:3] == [("understand", 10), ("understand", 5), ("understand", 0)]
    assert seen[-1] == ("record", 0)
