"""Intervals of trends begin by the clock of the calendar's zone, also where that changes."""

from datetime import UTC, datetime

import pytest

from grafana.plugin import expand
from grafana.sql import query
from pipeline.store import Backend
from tests.contract.counted import moment

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3_600


def begins(chdb: Backend, zone: str, interval_s: int, *minutes: str) -> list[str]:
    """When the intervals begin that the minutes are in, all in UTC."""
    bucket = query("parts/bucket", "en", {"time_zone": f"'{zone}'"})
    seconds = [int(datetime.fromisoformat(f"{at}Z").timestamp()) for at in minutes]
    sql = f"SELECT {bucket} AS time FROM (SELECT toDateTime(arrayJoin({seconds}), 'UTC') AS minute)"
    rows = chdb.execute(expand(sql, START, START, interval_s, {}))
    return [f"{moment(time):%Y-%m-%dT%H:%M}" for (time,) in rows]


@pytest.mark.parametrize(
    ("zone", "hours", "minutes"),
    [
        # The clock goes forward on 29 March at 01:00 UTC: that day has 23 hours.
        (
            "Europe/Berlin",
            24,
            {
                "2026-03-28T22:59": "2026-03-27T23:00",
                "2026-03-28T23:00": "2026-03-28T23:00",
                "2026-03-29T00:59": "2026-03-28T23:00",
                "2026-03-29T21:59": "2026-03-28T23:00",
                "2026-03-29T22:00": "2026-03-29T22:00",
            },
        ),
        # It goes back on 25 October at 01:00 UTC: the day has 25 hours, and 02:30 comes twice.
        (
            "Europe/Berlin",
            24,
            {
                "2026-10-24T22:00": "2026-10-24T22:00",
                "2026-10-25T12:00": "2026-10-24T22:00",
                "2026-10-25T22:59": "2026-10-24T22:00",
                "2026-10-25T23:00": "2026-10-25T23:00",
            },
        ),
        (
            "Europe/Berlin",
            0.5,
            {"2026-10-25T00:40": "2026-10-25T00:30", "2026-10-25T01:40": "2026-10-25T01:30"},
        ),
        (
            "Europe/Berlin",
            6,
            {"2026-03-29T02:00": "2026-03-28T23:00", "2026-10-25T04:59": "2026-10-24T22:00"},
        ),
        ("Europe/Istanbul", 24, {"2026-10-25T12:00": "2026-10-24T21:00"}),
        ("Europe/Istanbul", 8, {"2026-03-02T00:10": "2026-03-01T21:00"}),
        ("Asia/Kolkata", 1, {"2026-03-02T00:10": "2026-03-01T23:30"}),
    ],
)
def test_an_interval_begins_by_the_clock_of_the_zone(
    chdb: Backend, zone: str, hours: float, minutes: dict[str, str]
) -> None:
    found = begins(chdb, zone, int(hours * HOUR), *minutes)
    assert dict(zip(minutes, found, strict=True)) == minutes
