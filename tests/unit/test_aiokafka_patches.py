"""A connection that the broker has closed is seen as that on uvloop, too."""

import asyncio
from contextlib import suppress

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from agents.runtime import aiokafka_patches
from pipeline.common.ports import HOST

aiokafka_patches.apply()


async def write_to_one_that_is_gone() -> None:
    server = await asyncio.start_server(lambda _, writer: None, HOST, 0)
    host, port = server.sockets[0].getsockname()
    connection = AIOKafkaConnection(host, port)
    connection._reader, connection._writer = await asyncio.open_connection(host, port)
    # Who reads has not come to its turn yet, and does not know.
    connection._read_task = asyncio.create_task(asyncio.Event().wait())
    connection._writer.transport.abort()
    with suppress(ConnectionError):
        await connection._writer.wait_closed()
    with pytest.raises(KafkaConnectionError):
        await connection.send(ApiVersionRequest())
    assert not connection.connected()
    server.close()


def test_a_request_on_a_connection_that_is_gone_is_an_error_of_kafka(socket_enabled: None) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(write_to_one_that_is_gone())
