"""Translates uvloop's RuntimeError on a closed connection into KafkaConnectionError.

aiokafka expects an OSError when it writes to a connection that the broker has closed; uvloop raises
a RuntimeError (aio-libs/aiokafka#1038). That ends the task which keeps the cluster's metadata, in
silence: after an outage of the broker the worker would wait for its group's coordinator forever.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

from agents.runtime.faust_internals import CONNECTION_WRITES


def apply() -> None:
    """Patch the connections of this process; may be called more than once."""
    for name in CONNECTION_WRITES:
        method = getattr(AIOKafkaConnection, name)
        if not hasattr(method, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _patched(method))


def _patched(send: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(send)
    def patched(self: AIOKafkaConnection, *args: Any, **options: Any) -> Any:
        try:
            return send(self, *args, **options)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"the broker has closed the connection: {error}") from error

    return patched
