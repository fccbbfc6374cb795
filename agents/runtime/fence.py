"""Fences off a worker that its group has expelled: another one has its partitions by then.

A process suspended for longer than the session timeout continues as if nothing had happened, and
would overwrite newer states. So a produce request is sent only if the group's coordinator has
confirmed the membership within half a session timeout, or just now while the group rebalances: no
other worker can have got the partitions. (Except one with the same NABIZ_WORKER_INSTANCE, which
gets them at once: two such workers must never run.)
"""

import time
from typing import Any

from aiokafka.errors import KafkaError, NodeNotReadyError
from aiokafka.protocol.produce import ProduceRequest
from faust.types import AppT

from agents.runtime.faust_internals import beat


class Fenced(KafkaError):  # type: ignore[misc]  # noqa: N818 - not an error of ours
    """Another worker may have the partitions and newer states by now."""


def guard(client: Any, app: AppT) -> None:
    """Make a producer's client confirm the membership of `app` before it sends.

    Its sends fail with Fenced if the worker was expelled; if the coordinator does not answer, the
    producer retries.
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

    Return whether the answer stays valid for a while: not in a rebalance, which proceeds without
    this worker if it is late.
    """
    heartbeat = await beat(app)
    if heartbeat.confirmed:
        return not heartbeat.rebalancing
    if heartbeat.generation < 0:
        raise Fenced("the group expelled this worker, which was suspended for too long")
    raise NodeNotReadyError("the group's coordinator does not answer")
