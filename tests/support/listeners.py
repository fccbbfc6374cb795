"""Recipients of notifications on loopback: Alertmanager, recording HTTP and SMTP servers."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from pipeline.broker.tied_to_parent import tied
from pipeline.common.ports import HOST, free_port
from tests.support.http_servers import Quiet, serving
from tests.support.servers import missing


class Recorder:
    """The messages received by a server; it answers with `status` once `gate` is set.

    A message that contains `refuses` is answered with 400.
    """

    def __init__(self) -> None:
        self.url = ""
        self.status = 202
        self.refuses = ""
        self.gate = threading.Event()
        self.gate.set()
        self.came: list[Any] = []
        self._changed = threading.Condition()

    def add(self, message: Any) -> None:
        with self._changed:
            self.came.append(message)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[list[Any]], bool], timeout: float = 20) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.came), timeout), self.came
            return list(self.came)


@contextmanager
def http_recorder(port: int = 0) -> Iterator[Recorder]:
    """Yield a server that records the JSON of each POST."""
    recorder = Recorder()

    class Handler(Quiet):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            recorder.gate.wait(30)
            refused = recorder.refuses and recorder.refuses in body.decode()
            status = 400 if refused else recorder.status
            if status < 300:
                recorder.add(json.loads(body))
            self.send_response(status)
            self.end_headers()

    with serving(Handler, port) as recorder.url:
        try:
            yield recorder
        finally:
            recorder.gate.set()


@contextmanager
def smtp_recorder() -> Iterator[Recorder]:
    """Yield a mail server that records each e-mail."""
    recorder = Recorder()

    class Handler:
        async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
            recorder.add(envelope)
            return "250 taken"

    controller = Controller(Handler(), hostname=HOST, port=free_port())
    controller.start()
    recorder.url = f"{HOST}:{controller.port}"
    try:
        yield recorder
    finally:
        controller.stop()


@contextmanager
def alertmanager(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a single Debian Alertmanager; yields its host:port."""
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        missing(
            "prometheus-alertmanager is not installed (apt-get install prometheus-alertmanager)"
        )
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    address = f"{HOST}:{port or free_port()}"
    command = [
        str(program),
        f"--config.file={config}",
        f"--storage.path={folder}/data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with (folder / "alertmanager.log").open("ab") as output:
        process = subprocess.Popen(tied(command), stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 20
        while not _ready(address):
            assert process.poll() is None, (folder / "alertmanager.log").read_text()
            assert time.monotonic() < deadline, "Alertmanager does not answer"
            time.sleep(0.05)
        yield address
    finally:
        process.kill()
        process.wait()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def alerts_at(address: str) -> list[dict[str, Any]]:
    """Return the active alerts of an Alertmanager."""
    found: list[dict[str, Any]] = httpx.get(
        f"http://{address}/api/v2/alerts", trust_env=False
    ).json()
    return found
