"""A worker with a stable name that an earlier version used for other topics."""

import pytest

from agents.runtime import continuity
from agents.runtime.continuity import Continuity
from pipeline.config.groups import KafkaSettings


@pytest.mark.parametrize(
    ("assigned", "leaves"),
    [
        ({"cx.scored", "cx.urgent", "nabiz-detect-customers-changelog"}, False),
        ({"cx.scored", "cx.urgent"}, False),
        (set(), False),
        ({"cx.scored"}, True),
        ({"cx.scored", "cx.urgent", "cx.gone"}, True),
    ],
)
async def test_a_name_that_stands_for_other_topics_than_the_role_reads_now_is_given_up(
    monkeypatch: pytest.MonkeyPatch, assigned: set[str], leaves: bool
) -> None:
    left: list[object] = []
    monkeypatch.setattr(continuity, "topics_of_member", lambda *_: assigned)
    monkeypatch.setattr(continuity, "leave_group", lambda *place: left.append(place[2]))
    await Continuity("detect", "nabiz-detect", "only", KafkaSettings()).begin()
    assert left == (["only"] if leaves else [])
    left.clear()
    await Continuity("detect", "nabiz-detect", "", KafkaSettings()).begin()
    assert left == []
