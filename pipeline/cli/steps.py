"""Shows the steps of a command that take time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

SLOW = 30.0
"""Seconds between progress lines if there is no terminal."""


@contextmanager
def step(console: Console, doing: str) -> Iterator[Callable[[str], None]]:
    """Show a step and its duration: a spinner on a terminal, a line elsewhere.

    Yields a function that sets details: a terminal shows them at once, lines now and then.
    """
    if not console.is_terminal:
        console.print(f"{doing} …", markup=False, highlight=False)
        yield _now_and_then(lambda more: console.print(f"{doing}: {more}", markup=False))
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description} …", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(doing)
        yield lambda more: progress.update(task, description=f"{doing}: {more}")


def _now_and_then(say: Callable[[str], None]) -> Callable[[str], None]:
    said_at = time.monotonic()

    def seldom(more: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SLOW:
            said_at = time.monotonic()
            say(more)

    return seldom
