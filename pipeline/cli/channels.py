"""Checks notification channels for `nabiz doctor`."""

import asyncio
from collections.abc import Collection, Iterator

from pipeline.channels.channel import Channel, ChannelAway, ChannelRefused
from pipeline.channels.open import open_channels
from pipeline.cli.checkup import Finding
from pipeline.cli.deprecated import check_zone
from pipeline.common.plurals import counted
from pipeline.config.settings import Settings
from pipeline.notify.routes import RoutingTable, load_routing_table


def check_channels(settings: Settings) -> Iterator[Finding]:
    """Check the routes, and whether each channel answers; no message is sent."""
    file, calendar = settings.notify.routes, settings.calendar.file
    desk, channels = load_routing_table(file, calendar), open_channels(settings.notify)
    yield check_routes(desk, channels.keys())
    if desk.form.time_zone is not None:
        yield check_zone("routes", file, calendar)
    for name, channel in channels.items():
        check = f"channel {name}"
        try:
            yield Finding(check, "ok", asyncio.run(_probe(channel)))
        except (ChannelAway, ChannelRefused) as error:
            yield Finding(check, "problem", str(error), "start it, or correct its address")


async def _probe(channel: Channel) -> str:
    try:
        return await channel.probe()
    finally:
        await channel.close()


def check_routes(desk: RoutingTable, channels: Collection[str]) -> Finding:
    """Compare the routes with the channels that have an address."""
    routed = desk.form.routed
    if strange := sorted(set(channels) - routed):
        found = f"no route names the channel {strange[0]}"
        return Finding("routes", "warning", found, "correct desk/routes.yaml (NABIZ_NOTIFY_ROUTES)")
    if not channels:
        return Finding("routes", "ok", "no channel is set (NABIZ_NOTIFY_CHANNELS): nobody is told")
    without = sorted(routed - set(channels))
    found = f"{counted(len(desk.form.routes), 'route')}, {counted(len(channels), 'channel')}"
    if without:
        found += f"; passed over for want of an address: {', '.join(without)}"
    return Finding("routes", "ok", found)
