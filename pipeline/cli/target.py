"""Finds the running Nabız that a command means: by its folder or the settings."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Generic, NamedTuple, TypeVar

import httpx
import msgspec
import typer
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.cli.errors import Unavailable, UsageError
from pipeline.common.private_files import make_private
from pipeline.common.urls import own_page
from pipeline.config.access import ApiSettings
from pipeline.config.settings import Settings, load_settings

T = TypeVar("T")

ADDRESSES, LOCK = "addresses.json", "up.lock"
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of a `nabiz up` on this machine. Default: NABIZ_DATA, else ./nabiz-data.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class Addresses(msgspec.Struct, frozen=True):
    """The file that `nabiz up` keeps in its folder while it runs."""

    kafka: str
    api: str
    workers: dict[str, str]


def write_addresses(folder: Path, addresses: Addresses) -> None:
    """Write the file atomically."""
    draft = folder / f"{ADDRESSES}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(addresses)))
    draft.replace(folder / ADDRESSES)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder` as its only `nabiz up`; the kernel releases it with the process.

    Raises UsageError if another one runs there, or if the folder cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be the folder of all data ({error.strerror}): name another one with "
            "--data or NABIZ_DATA, or give this user the right to write there"
        ) from None
    with file as lock:
        try:
            # A command that looks whether anything runs holds the lock for a moment.
            for attempt in Retrying(
                retry=retry_if_exception_type(BlockingIOError),
                stop=stop_after_delay(1),
                wait=wait_fixed(0.05),
                reraise=True,
            ):
                with attempt:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"Nabız runs on {folder} already: nabiz status --data {folder}"
            ) from None
        make_private(folder)  # an earlier version, or somebody else, may have made it
        yield


def running(folder: Path) -> Addresses | None:
    """Return the addresses of the Nabız on `folder`, or None.

    Raises UsageError if this user may not look.
    """
    try:
        addresses = msgspec.json.decode((folder / ADDRESSES).read_bytes(), type=Addresses)
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return addresses
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
    except PermissionError:
        raise UsageError(
            f"this user may not see whether Nabız runs on {folder}: give it the right to read "
            "there, name another folder with --data or NABIZ_DATA, "
            "or set NABIZ_KAFKA_BOOTSTRAP and NABIZ_API_URL"
        ) from None
    return None


def find(data: Path | None) -> Settings:
    """Return the settings with the addresses of the Nabız in question.

    Both addresses come from one place, so that all commands mean the same one: from the folder of
    `--data`; else, if NABIZ_KAFKA_BOOTSTRAP or NABIZ_API_URL is set, from the settings; else from
    the default folder if something runs there. Raises UsageError if nothing runs on the given
    folder, or if this user may not look there.
    """
    settings = load_settings()
    kafka, api = settings.kafka, settings.api
    said = "bootstrap" in kafka.model_fields_set or "url" in api.model_fields_set
    if data is None and said:
        return settings
    folder = data or settings.data
    addresses = running(folder)
    if addresses is None:
        if data is not None:
            raise UsageError(
                f"nothing runs on {data}. Start it: nabiz up --data {data}\n"
                "Or leave --data out and set NABIZ_KAFKA_BOOTSTRAP and NABIZ_API_URL."
            )
        return settings
    # The Kafka of `nabiz up` is open to this machine, and to nobody else.
    kafka = kafka.model_copy(
        update={"bootstrap": addresses.kafka, "security_protocol": "PLAINTEXT"}
    )
    api = api.model_copy(update={"url": addresses.api})
    return settings.model_copy(update={"data": folder, "kafka": kafka, "api": api})


class Answer(NamedTuple, Generic[T]):
    """An answer of the API, raw and decoded."""

    body: bytes
    value: T


def ask(settings: Settings, method: str, path: str, kind: type[T], **kwargs: object) -> Answer[T]:
    """Return the API's answer, which is a `kind`.

    Raises Unavailable if nobody answers, UsageError with the API's own words if it refuses, or if
    something else answers there.
    """
    api = settings.api
    url = api.url or own_page(api.host, api.port)
    try:
        answer = httpx.request(method, url + path, headers=credentials(api), timeout=60, **kwargs)  # type: ignore[arg-type]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(
            f"the API at {url} does not answer ({error}). Is `nabiz up` running? "
            "Name its folder with --data, or its address with NABIZ_API_URL."
        ) from None
    if answer.status_code >= 500:
        raise Unavailable(f"the API at {url}: {_detail(answer)}")
    if answer.status_code >= 400:
        raise UsageError(_detail(answer))
    strange = UsageError(f"what answers at {url} is not Nabız (NABIZ_API_URL)")
    media = answer.headers.get("content-type", "").partition(";")[0]
    if not answer.is_success or media != "application/json":
        raise strange
    try:
        return Answer(answer.content, msgspec.json.decode(answer.content, type=kind))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise strange from None


def credentials(api: ApiSettings) -> dict[str, str]:
    """Return the headers that authenticate a command."""
    token = api.token.get_secret_value()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _detail(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:  # it is not JSON, or not even text
        body = None
    if not isinstance(body, dict):
        return f"status {answer.status_code}"
    extra = body.get("extra") or []
    notes = [
        f"{item.get('key')}: {item.get('message')}" for item in extra if isinstance(item, dict)
    ]
    return "; ".join([str(body.get("detail")), *notes])
