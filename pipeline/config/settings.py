"""Parses all settings once into a frozen object.

Each setting is an environment variable: `NABIZ_` + group + `_` + name, such as
`NABIZ_KAFKA_BOOTSTRAP`. A secret may be in a file named by its variable with `_FILE`, such as
`NABIZ_API_TOKEN_FILE`. `nabiz config --check` prints and checks the settings in force.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, get_args
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
from pipeline.config.connectors import ConnectorsSettings, ReceiveSettings, TranslateSettings
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

StreamRole = Literal[
    "poll", "translate", "understand", "triage", "detect", "follow_up", "record", "notify"
]
Role = Literal[StreamRole, "api", "receive"]
STREAM_ROLES: tuple[StreamRole, ...] = get_args(StreamRole)
"""Roles that consume topics, in the order of the chain."""


class SettingsError(Exception):
    """A setting is invalid; the message names the variable and its constraint."""


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix="NABIZ_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
    )

    data: Path = Field(Path("nabiz-data"), description="data folder on this machine")
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    access: AccessSettings = AccessSettings()
    calendar: CalendarSettings = CalendarSettings()
    board: BoardSettings = BoardSettings()
    uncounted: UncountedSettings = UncountedSettings()
    connectors: ConnectorsSettings = ConnectorsSettings()
    receive: ReceiveSettings = ReceiveSettings()
    translate: TranslateSettings = TranslateSettings()
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
        """Read the environment and the files of its secrets."""
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
    """Return the variables that name the file of a secret, mapped to the secret's variable."""
    return {
        f"{name}_FILE": name for name, _, default in variables() if isinstance(default, SecretStr)
    }


def _with_secrets(environment: Mapping[str, str | None]) -> dict[str, str | None]:
    """Replace each variable that names a file by the secret in the file.

    Names are in lower case here. Raises SettingsError.
    """
    values = dict(environment)
    problems = []
    for variable, name in secret_files().items():
        if not (path := values.pop(variable.lower(), None)):
            continue
        if values.get(name.lower()):
            problems.append(f"{variable}: {name} is set as well; set only one of the two")
            continue
        try:
            secret = utf8(Path(path).read_bytes()).decode().rstrip("\r\n")
        except OSError as error:
            problems.append(f"{variable}: {path} cannot be read ({error.strerror})")
            continue
        except UnicodeDecodeError:
            problems.append(f"{variable}: {path} is not UTF-8 text")
            continue
        if not secret:
            problems.append(f"{variable}: {path} is empty")
        values[name.lower()] = secret
    if problems:
        raise SettingsError("\n".join(problems))
    return values


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [*(name for name, _, _ in variables()), *secret_files()]
    for name in environment:
        if name.startswith("NABIZ_") and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(f"{name}: no such setting{hint}")


def load_settings() -> Settings:
    """Read the environment and the files of its secrets.

    Raises SettingsError, which names each invalid variable.
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
    except NotJson as error:  # it does not name the variable
        name = next(_not_json(os.environ), None)
        message = f"{name}: must be a JSON object" if name else str(error)
        raise SettingsError(message) from None


def _not_json(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that must hold JSON and do not; names are case-insensitive."""
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
    """Return the variable from group and name; the rest of the location is inside its value."""
    return "_".join(["NABIZ", *map(str, location[:2])]).upper()


class StoreAddress(Group):
    """The ClickHouse server of `StoreSettings.url`."""

    host: str
    port: int
    user: str
    password: str
    database: str


def store_address(settings: StoreSettings) -> StoreAddress | None:
    """Return the configured server, or None for the in-process engine."""
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
