"""A background thread bound to the lifetime of its owner."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class BackgroundThread(ABC):
    """Runs from the beginning of a `with` block to its end; `_stop` is set when it is to end."""

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
        """Work until `_stop` is set. No error may end it."""
