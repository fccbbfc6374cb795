"""Measures the latency of cases in the inbox of the board, as a browser sees it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import get_args

import httpx
import msgspec

from benchmarks.chain import WHOLE
from benchmarks.machine import Machine, Subject
from benchmarks.measure import Crew
from benchmarks.observe import Load, latency
from pipeline.common.ports import HOST, free_port
from pipeline.contracts.topology import CASES
from pipeline.follow_up.case import CaseEvent
from pipeline.model.alert import Severity

RATE = 200.0
SECONDS, QUICK_SECONDS = 60.0, 15.0
SHOWN = 500
"""Most cases on a page of the inbox; the load raises more per severity."""
FOLLOW_UP = Subject("Nabız follow_up", "follow_up", ("pipeline.cli", "worker", "follow_up"))
API = Subject("Nabız api", "api", ("pipeline.cli", "worker", "api"), needs_store=True)


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Play a load on the whole chain, with the inbox open in a browser per severity."""
    machine.fresh_topics()
    crew, port = Crew(machine, WHOLE, {}), free_port()
    with ExitStack() as stack:
        stack.enter_context(crew.running())
        for subject in (FOLLOW_UP, API):
            settings = {"NABIZ_API_PORT": str(port), "NABIZ_DATA": str(crew.folder)}
            stack.enter_context(machine.running(subject, {**crew.environment, **settings}))
        load = Load(machine, crew)
        load(RATE, 3.0)  # all roles are up
        progress(f"{RATE:.0f} events/s")
        with _browsers(f"http://{HOST}:{port}") as shown:
            seen = load(RATE, QUICK_SECONDS if quick else SECONDS)
    opened = {
        case.case_id: case.opened_at.timestamp()
        for message in machine.messages(CASES)
        if (case := msgspec.json.decode(message.value(), type=CaseEvent).data).revision == 1
        and not case.ended
        and case.opened_at.timestamp() >= seen.start
    }
    return {
        "rate": RATE,
        "alerts": len(opened),
        "never_shown": len(opened.keys() - shown.keys()),
        "shown_ms": latency([shown[id_] - at for id_, at in opened.items() if id_ in shown]),
        "alert_ms": latency([one.latency for one in seen.alerts]),
    }


@contextmanager
def _browsers(board: str) -> Iterator[dict[str, float]]:
    """Follow the inbox, a page per severity; yield the first time of each case."""
    shown: dict[str, float] = {}
    stopping = threading.Event()

    def follow(severity: Severity) -> None:
        address = f"{board}/board/stream?severity={severity}&limit={SHOWN}"
        with httpx.stream("GET", address, timeout=30) as stream:
            stream.raise_for_status()
            for line in stream.iter_lines():
                if stopping.is_set():
                    return
                if line.startswith("data: {"):
                    now = time.time()
                    for id_ in json.loads(line.removeprefix("data: "))["cards"]:
                        shown.setdefault(id_, now)

    threads = [
        threading.Thread(target=follow, args=(severity,), daemon=True)
        for severity in get_args(Severity)
    ]
    for thread in threads:
        thread.start()
    try:
        yield shown
    finally:
        stopping.set()
        for thread in threads:
            thread.join(timeout=15)  # the next heartbeat ends it
