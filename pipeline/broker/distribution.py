"""Apache Kafka's jars, fetched once from Maven Central into the user's cache."""

import errno
import fcntl
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.broker.errors import BrokerError

if TYPE_CHECKING:
    from jgo.maven import Artifact

KAFKA_VERSION = "4.4.0"
LOG4J_BINDING_VERSION = "2.25.5"
"""The SLF4J back end that matches Kafka's Log4j; Kafka ships none."""

KAFKA = f"Apache Kafka {KAFKA_VERSION}"
PARALLEL_DOWNLOADS = 4
LINE_EVERY = 10
"""Files between two progress lines where there is no terminal."""


def kafka_jars(cache: Path | None = None, console: Console | None = None) -> list[Path]:
    """Return the sorted jars of the class path, downloading them (45 MB) if missing.

    `cache` is the user's cache folder unless given. Processes that ask at the same time wait for
    the first. The folder appears whole or not at all, so an interrupted download starts afresh.
    Raises `BrokerError` if Maven Central cannot be reached, the disk cannot be written, or the
    folder is there without jars.
    """
    home = (cache or user_cache()) / f"kafka-{KAFKA_VERSION}"
    if not home.is_dir():
        try:
            shown = console or Console(stderr=True)
            with _exclusive(home.with_name(f"{home.name}.lock"), shown):
                if not home.is_dir():
                    _download(home, shown)
        except (OSError, RuntimeError, zipfile.BadZipFile) as error:
            if isinstance(error, OSError) and error.errno in (
                errno.EACCES,
                errno.EROFS,
                errno.EPERM,
            ):
                raise BrokerError(_not_writable(home.parent, error)) from error
            raise BrokerError(
                f"{KAFKA} could not be downloaded from Maven Central. Check "
                f"the network, proxy settings and the free space in {home.parent}, then try again; "
                f"or use your own Kafka through NABIZ_KAFKA_BOOTSTRAP. Reason: {error}"
            ) from error
    if jars := sorted(home.glob("*.jar")):
        return jars
    raise BrokerError(
        f"{home} holds no jars of {KAFKA}. Remove it and start again, and they are downloaded "
        f"anew: rm -r {quote(str(home))}"
    )


def user_cache() -> Path:
    """Return XDG_CACHE_HOME/nabiz, or ~/.cache/nabiz if it is unset or relative.

    Raises BrokerError for a user without a home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (named if named.is_absolute() else Path.home() / ".cache") / "nabiz"
    except RuntimeError:
        raise BrokerError(
            f"this user has no home to keep {KAFKA} in: set XDG_CACHE_HOME to a folder that it "
            "may write to"
        ) from None


def _not_writable(folder: Path, error: OSError) -> str:
    return (
        f"{KAFKA} cannot be kept in {folder} ({error.strerror}): give this user the right to write "
        "there, or set XDG_CACHE_HOME to a folder that has it"
    )


@contextmanager
def _exclusive(lock: Path, console: Console) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print(f"waiting for another process that downloads {KAFKA} …", markup=False)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(home: Path, console: Console) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="download-") as scratch:
        console.print(
            f"{KAFKA} is downloaded from Maven Central (45 MB, once for this user)",
            markup=False,
            highlight=False,
        )
        with console.status("looking up its libraries …"):
            artifacts = _artifacts(Path(scratch, "repository"))
        jars = _fetch(artifacts, console)
        staged = Path(scratch, "jars")
        staged.mkdir()
        for jar in jars:
            shutil.move(jar, staged)
        staged.rename(home)


def _artifacts(repository: Path) -> "list[Artifact]":
    """Resolve Kafka and its runtime dependencies from their POMs alone."""
    from jgo.maven import MavenContext  # imported here: it costs 0.4 s and is needed once

    maven = MavenContext(repo_cache=repository)
    kafka = maven.create_dependency(f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}")
    binding = maven.project("org.apache.logging.log4j", "log4j-slf4j-impl")
    # The binding comes as a file: resolved together, its managed versions would override Kafka's.
    _, libraries = maven.resolver.resolve([kafka])
    return [
        kafka.artifact,
        *(library.artifact for library in libraries if library.scope in ("compile", "runtime")),
        binding.at_version(LOG4J_BINDING_VERSION).artifact(),
    ]


def _fetch(artifacts: "list[Artifact]", console: Console) -> list[Path]:
    """Download the jars, with a progress bar on a terminal and progress lines elsewhere."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} files"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    total = len(artifacts)
    with progress, ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        task = progress.add_task("downloading", total=total)

        def fetch(artifact: "Artifact") -> Path:
            path = Path(artifact.resolve())
            with zipfile.ZipFile(path):  # raises if what came is not a whole jar
                return path

        jars = []
        for jar in pool.map(fetch, artifacts):
            jars.append(jar)
            progress.update(task, completed=len(jars))
            if not console.is_terminal and (len(jars) % LINE_EVERY == 0 or len(jars) == total):
                console.print(f"downloaded {len(jars)} of {total} files", highlight=False)
        return jars
