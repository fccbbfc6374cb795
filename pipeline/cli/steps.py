"""What a command waits for, said while it waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def step(console: Console, doing: str) -> Iterator[Callable[[str], None]]:
    """Show what is done and for how long: moving on a terminal, elsewhere as a line.

    Yields what says more about it, which a terminal shows.
    """
    if not console.is_terminal:
        console.print(f"{doing} …", markup=False, highlight=False)
        yield lambda _more: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description} …", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(doing)
        yield lambda more: progress.update(task, description=f"{doing}: {more}")
