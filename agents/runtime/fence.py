"""Fences off a worker that its group has given up: another one has its partitions by then.

A process that stood still for longer than the session timeout goes on as if nothing had happened,
and would write over states that are newer. So a produce request goes out only under a membership
which the group's coordinator has confirmed within half a session timeout, and where the group is
sharing out its partitions anew, just now: no other worker can have been given them. (Unless it goes
by the same NABIZ_WORKER_INSTANCE: such a one gets them at once, so two must never run.)
"""

import time
from typing import Any

from aiokafka.errors import KafkaError, NodeNotReadyError
from aiokafka.protocol.produce import ProduceRequest
from faust.types import AppT

from agents.runtime.faust_internals import beat


class Fenced(KafkaError):  # type: ignore[misc]  # noqa: N818 - not an error of ours
    """Another worker may have the partitions by now, and newer states."""


def guard(client: Any, app: AppT) -> None:
    """Have an aiokafka client, which is a producer's, ask before it sends for `app`.

    Its sends fail with Fenced where the worker is out, and are tried again by the producer where
    nobody can be asked.
    """
    send = client.send
    confirmed_at = float("-inf")

    async def fenced_send(node_id: int, request: Any, **options: Any) -> Any:
        nonlocal confirmed_at
        asked_at = time.monotonic()
        sure = asked_at - confirmed_at < app.conf.broker_session_timeout / 2
        if isinstance(request, ProduceRequest) and not sure and await _confirm_membership(app):
            confirmed_at = asked_at
        return await send(node_id, request, **options)

    client.send = fenced_send


async def _confirm_membership(app: AppT) -> bool:
    """Ask the group's coordinator by a heartbeat of our own.

    Return whether the answer holds for a while: not in a rebalance, which goes on without this
    worker if it stays out too long.
    """
    heartbeat = await beat(app)
    if heartbeat.confirmed:
        return not heartbeat.rebalancing
    if heartbeat.generation < 0:
        raise Fenced("the group went on without this worker, which had stood still")
    raise NodeNotReadyError("the coordinator of the group cannot be asked")
