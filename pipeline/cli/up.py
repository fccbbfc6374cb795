"""Command up: run everything on one machine, in the foreground."""

import signal
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.errors import UsageError
from pipeline.cli.live import watch
from pipeline.cli.machine import Machine, api_port
from pipeline.cli.target import claimed
from pipeline.config.settings import load_settings

FIRST_START = (
    "The first start takes a minute, on a busy machine several: Kafka is fetched once and set up, "
    "the store is made, and a made-up day is published. Ctrl-C stops it; the next start goes on."
)


class Sample(StrEnum):
    """Which sample to run."""

    COMPANY = "company"
    NONE = "none"


def up(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Folder of all data. Default: NABIZ_DATA, else ./nabiz-data.",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port of the API; 0 picks a free one.")
    ] = None,
    sample: Annotated[
        Sample, typer.Option(help="Built-in sample: a made-up company, or none.")
    ] = Sample.COMPANY,
) -> None:
    """Start Kafka, store, roles and API on this machine; Ctrl-C stops them in order.

    All data stays in the folder: started again, it continues where it was.
    """
    settings = load_settings()
    if settings.kafka.security_protocol != "PLAINTEXT":
        raise UsageError(
            "`nabiz up` runs a Kafka of its own, for this machine only: unset "
            "NABIZ_KAFKA_SECURITY_PROTOCOL and what goes with it, or start each role on your Kafka "
            "with nabiz worker"
        )
    if settings.access.login and not settings.api.token.get_secret_value():
        raise UsageError(
            "what is set of NABIZ_ACCESS_… demands a login of everybody: set NABIZ_API_TOKEN to a "
            "long random secret as well, with which `nabiz up` and the other commands ask the API"
        )
    folder = (data or settings.data).resolve()
    with claimed(folder):
        wanted = settings.api.port if port is None else port
        _run(
            Machine(settings, folder, api_port(wanted, settings.api.host), Console()),
            sample is Sample.COMPANY,
        )


def _run(machine: Machine, sample: bool) -> None:
    console = machine.console
    _stop_on_signals(console)
    if not machine.started_before:
        console.print(FIRST_START, markup=False)
    try:
        machine.start(sample=sample)
        console.print(
            f"Nabız runs: {machine.api} (data in {machine.folder}). Ctrl-C stops it.", markup=False
        )
        watch(machine, console)
    except KeyboardInterrupt:
        pass
    finally:
        for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(end, signal.SIG_IGN)  # a second one must not break the order
        with console.status("stopping in order …"):
            machine.stop()
    console.print(f"stopped; the data stays in {machine.folder}", markup=False)


def _stop_on_signals(console: Console) -> None:
    """Handle SIGTERM and SIGHUP (a closed terminal) like Ctrl-C."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            console.quiet = True  # to write to a terminal that is gone is an error
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as `nohup` sets it
        signal.signal(signal.SIGHUP, interrupt)
