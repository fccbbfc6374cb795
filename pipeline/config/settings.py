"""Everything that can be set, parsed once into a frozen object.

Each setting is an environment variable: `NABIZ_` + group + `_` + name, as in
`NABIZ_KAFKA_BOOTSTRAP`. A secret may stand in a file instead: `NABIZ_API_TOKEN_FILE` names it.
`nabiz config --check` prints what is in force and where it is wrong.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as NotJson

from pipeline.common.encodings import utf8
from pipeline.config.access import AccessSettings, ApiSettings
from pipeline.config.groups import (
    BoardSettings,
    CalendarSettings,
    DeadLetterSettings,
    DetectSettings,
    EngineSettings,
    FollowUpSettings,
    Group,
    KafkaSettings,
    NotifySettings,
    StoreSettings,
    UncountedSettings,
    UpSettings,
    WorkerSettings,
)

Role = Literal["understand", "triage", "detect", "follow_up", "record", "notify", "api"]
STREAM_ROLES: tuple[Role, ...] = (
    *("understand", "triage", "detect", "follow_up", "record", "notify"),
)
"""Roles that read topics, in the order of the chain."""


class SettingsError(Exception):
    """A setting is wrong; the message names the variable and says what it must be."""


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix="NABIZ_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
    )

    data: Path = Field(Path("nabiz-data"), description="folder of what runs on this machine")
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    access: AccessSettings = AccessSettings()
    calendar: CalendarSettings = CalendarSettings()
    board: BoardSettings = BoardSettings()
    uncounted: UncountedSettings = UncountedSettings()
    engine: EngineSettings = EngineSettings()
    detect: DetectSettings = DetectSettings()
    followup: FollowUpSettings = FollowUpSettings()
    notify: NotifySettings = NotifySettings()
    deadletters: DeadLetterSettings = DeadLetterSettings()
    up: UpSettings = UpSettings()
    worker: WorkerSettings = WorkerSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, with the secrets that it names files for."""
        environment = EnvSettingsSource(settings_cls)
        environment.env_vars = _with_secrets(environment.env_vars)
        return init_settings, environment


def variables() -> Iterator[tuple[str, str, object]]:
    """Yield name, description and default of every environment variable."""
    for group_name, group in Settings.model_fields.items():
        default = group.get_default(call_default_factory=True)
        if not isinstance(default, Group):
            yield f"NABIZ_{group_name.upper()}", group.description or "", default
            continue
        for name, field in type(default).model_fields.items():
            yield (
                f"NABIZ_{group_name.upper()}_{name.upper()}",
                field.description or "",
                getattr(default, name),
            )


def secret_files() -> dict[str, str]:
    """Return the variables that name a file with a secret, each with the variable it stands for."""
    return {
        f"{name}_FILE": name for name, _, default in variables() if isinstance(default, SecretStr)
    }


def _with_secrets(environment: Mapping[str, str | None]) -> dict[str, str | None]:
    """Put in the place of each variable that names a file the secret that the file holds.

    Names are in small letters here. Raises SettingsError.
    """
    found = dict(environment)
    problems = []
    for variable, name in secret_files().items():
        if not (path := found.pop(variable.lower(), None)):
            continue
        if found.get(name.lower()):
            problems.append(f"{variable}: {name} is set as well; leave out one of the two")
            continue
        try:
            secret = utf8(Path(path).read_bytes()).decode().rstrip("\r\n")
        except OSError as error:
            problems.append(f"{variable}: {path} cannot be read ({error.strerror})")
            continue
        except UnicodeDecodeError:
            problems.append(f"{variable}: {path} is not text in UTF-8")
            continue
        if not secret:
            problems.append(f"{variable}: {path} is empty")
        found[name.lower()] = secret
    if problems:
        raise SettingsError("\n".join(problems))
    return found


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [*(name for name, _, _ in variables()), *secret_files()]
    for name in environment:
        if name.startswith("NABIZ_") and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(f"{name}: there is no such setting{hint}")


def load_settings() -> Settings:
    """Read the environment, and the files that it names for secrets.

    Raises SettingsError, naming each wrong variable.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{_variable(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None
    except NotJson as error:  # it names no variable
        wrong = next(_not_json(os.environ), None)
        told = f"{wrong}: must be a JSON object" if wrong else str(error)
        raise SettingsError(told) from None


def _not_json(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that must hold JSON and do not; in names, case does not count."""
    objects = {name for name, _, default in variables() if isinstance(default, dict)}
    for name, value in environment.items():
        if name.upper() in objects and not _is_json(value):
            yield name


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _variable(location: tuple[str | int, ...]) -> str:
    """Group and name; what follows is inside the value."""
    return "_".join(["NABIZ", *map(str, location[:2])]).upper()


class StoreAddress(Group):
    """A ClickHouse server, as `StoreSettings.url` names it."""

    host: str
    port: int
    user: str
    password: str
    database: str


def store_address(settings: StoreSettings) -> StoreAddress | None:
    """Return the server that is set, or None for the in-process engine."""
    url = urlsplit(settings.url.get_secret_value())
    if not url.hostname:
        return None
    return StoreAddress(
        host=url.hostname,
        port=url.port or 9000,
        user=unquote(url.username or "default"),
        password=unquote(url.password or ""),
        database=url.path.strip("/") or "nabiz",
    )
