"""What is watched beside the API, in a thread of its own."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class Watching(ABC):
    """Watches from the beginning of a `with` block to its end; `_stop` is set when it is to end."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=2)  # it only reads, and may be waiting for Kafka

    @abstractmethod
    def _run(self) -> None:
        """Watch until `_stop` is set. Whatever fails must not end it."""
