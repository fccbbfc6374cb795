"""The crash tests' own parts: a test that compares has to see a difference."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

import msgspec
import pytest

from agents.runtime.crash import EXIT_CRASH
from benchmarks.chaos.cases import comparable
from benchmarks.chaos.content import Content, differences, untruths
from benchmarks.chaos.faults import moments
from benchmarks.chaos.load import AFTERWARDS, LATE, POISONED, REPEATED, make_load
from benchmarks.chaos.report import save
from benchmarks.chaos.run import Row, clipped
from benchmarks.chaos.scenarios import SCENARIOS, SHORT
from benchmarks.chaos.stories import before_silence, last_time, with_stories
from benchmarks.chaos.workers import WorkerError, Workers
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import ACTIONS, EXIT_HALT
from pipeline.follow_up.case import Case, CaseCause
from pipeline.model.action import Action, problem_of

EVENTS = 1_000


def test_a_seed_decides_the_load() -> None:
    assert make_load(5, EVENTS) == make_load(5, EVENTS) != make_load(6, EVENTS)


def test_a_load_has_each_event_some_twice_some_late_and_poison() -> None:
    load = make_load(5, EVENTS)
    assert all(message.event_id.startswith("later") for message in load[-AFTERWARDS:])
    load = load[:-AFTERWARDS]
    ids = [message.event_id for message in load if message.event_id]
    times = Counter(ids)
    assert len(times) == EVENTS
    assert Counter(times.values()) == {1: EVENTS * (1 - REPEATED), 2: EVENTS * REPEATED}
    assert len(load) - len(ids) == EVENTS * POISONED
    at = [json.loads(one.value)["occurred_at"] for one in load if one.event_id]
    behind = sum(one < newest for one, newest in zip(at, accumulate(at, max), strict=True))
    assert EVENTS * (LATE + REPEATED) / 2 < behind < EVENTS * (LATE + REPEATED) * 2


def test_a_row_that_is_missing_changed_or_there_twice_is_told() -> None:
    expected = {"events": [["a", "1"], ["b", "2"]]}
    assert differences({"events": [["b", "2"], ["a", "1"]]}, expected) == []
    assert differences({"events": [["a", "1"]]}, expected) == [
        'events: 1 missing, such as ["b", "2"]'
    ]
    assert differences({"events": [["a", "1"], ["b", "2"], ["b", "2"]]}, expected) == [
        'events: 1 too many, such as ["b", "2"]'
    ]
    assert len(differences({"events": [["a", "1"], ["b", "3"]]}, expected)) == 2


def test_a_run_that_lost_or_doubled_what_was_published_is_untrue() -> None:
    load = with_stories(make_load(5, 100), 5, 100)
    rows = [[event_id] for event_id in {one.event_id for one in load if one.event_id}]
    poison = sum(not one.event_id and one.topic != ACTIONS for one in load)
    alerts = [
        {"cause": "promise_broken", "customer_id": one.key.decode()} for one in load if one.breaks
    ]
    true: Content = {"events": rows, "dead letters": [[""]] * poison, "alerts": alerts}
    assert list(untruths(true, load)) == []
    wrong: Sequence[Content] = (
        {"events": rows[1:]},
        {"events": [*rows, rows[0]]},
        {"dead letters": []},
        {"alerts": alerts[1:]},
        {"alerts": [*alerts, alerts[0]]},
    )
    for content in wrong:
        assert len(list(untruths({**true, **content}, load))) == 1


def test_stories_stand_by_their_times_and_what_comes_late_only_after_a_silence() -> None:
    plain = make_load(5, EVENTS)
    load = with_stories(plain, 5, EVENTS)
    assert load == with_stories(plain, 5, EVENTS) != with_stories(plain, 6, EVENTS)
    in_time = before_silence(load)
    assert last_time(in_time) == last_time(plain[:-AFTERWARDS]) < last_time(load)
    late = [one.late for one in load[len(in_time) : -AFTERWARDS]]
    assert late
    assert all(late)
    assert load[-AFTERWARDS:] == plain[-AFTERWARDS:]
    actions = [msgspec.json.decode(one.value, type=Action) for one in load if one.topic == ACTIONS]
    assert {action.kind for action in actions} >= {"acknowledge", "contact", "resolve", "undo"}
    assert not any(map(problem_of, actions))


def test_cases_are_compared_whole_where_they_do_not_depend_on_the_order_of_arrival() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    causes = (
        CaseCause("a-1", "promise_broken", "high", "open", "open", at),
        CaseCause("a-2", "order_cancelled", "medium", "withdrawn", "expired", at),
    )
    case = Case("k-1", "story-1", "high", "open", 1, at, at, causes)
    later = msgspec.structs.replace(case, revision=2, updated_at=at + timedelta(hours=1))
    assert comparable([case]) == comparable([later])
    assert comparable([case]) != comparable([msgspec.structs.replace(case, owner="ayşe")])
    other = msgspec.structs.replace(case, customer_id="c-1", case_id="k-2")
    assert comparable([other]) == comparable([msgspec.structs.replace(other, case_id="k-3")])
    assert [row["alert_id"] for row in comparable([other])["causes"]] == ["a-1"]
    assert comparable([msgspec.structs.replace(case, causes=causes[1:])]) == comparable([])


def test_faults_are_spread_over_the_load() -> None:
    shares = moments(Random(5), 50)
    assert shares == sorted(shares)
    assert all(share <= 0.9 * (number + 1) / 50 for number, share in enumerate(shares))
    assert set(SHORT) <= SCENARIOS.keys()


def test_saved_rows_keep_those_of_other_scenarios_and_replace_their_own(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    save([Row("kills", 1, False, at, "FAILED"), Row("zombie", 1, True, at, "equal")], tmp_path)
    save([Row("kills", 2, False, at, "skipped", ("needs more",))], tmp_path)
    lines = (tmp_path / "crash-tests.md").read_text().splitlines()
    first, second = (line for line in lines if line.startswith(("| kills", "| zombie")))
    assert first.startswith("| kills | 2 |")
    assert first.endswith("| skipped: needs more |")
    assert first.count("|") == second.count("|")
    assert second.startswith("| zombie (short) | 1 |")


@pytest.fixture
def stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Workers]:
    """Stop a worker that ends with a code, and return the workers."""

    def ends_with(code: int) -> Workers:
        program = [sys.executable, "-c", f"raise SystemExit({code})"]
        monkeypatch.setattr("benchmarks.chaos.workers.nabiz", lambda *_: program)
        workers = Workers(tmp_path, {})
        workers.start("detect-0")
        process = workers._children["detect-0"].process
        assert process
        assert process.wait(30) == code
        workers.stop("detect-0")
        return workers

    return ends_with


@pytest.mark.parametrize(("code", "deaths"), [(0, 0), (EXIT_CRASH, 1)])
def test_a_worker_that_gives_up_its_stop_is_counted_and_no_failure(
    stop: Callable[[int], Workers], code: int, deaths: int
) -> None:
    assert stop(code).deaths == deaths


@pytest.mark.parametrize("code", [1, EXIT_HALT])
def test_a_worker_that_ends_as_none_may_is_a_failure(
    stop: Callable[[int], Workers], code: int
) -> None:
    with pytest.raises(WorkerError, match=f"detect-0 ended with {code}"):
        stop(code)


def test_a_problem_names_no_folder_of_the_machine() -> None:
    folder = Path("/somewhere/else/kills-17")
    problem = (
        f'detect-0 halted:\n{{"path": "{folder}/state/detect-0"}} in {folder}, '
        f'File "{ROOT}/agents/run.py", File "/usr/lib/python3/asyncio/runners.py", line 7: '
        "cx.feedback/1/7@id/0 at http://127.0.0.1:80/healthz, 3/4"
    )
    assert clipped(problem, folder) == (
        'detect-0 halted:\n{"path": "state/detect-0"} in ., '
        'File "agents/run.py", File "runners.py", line 7: '
        "cx.feedback/1/7@id/0 at http://127.0.0.1:80/healthz, 3/4"
    )
