"""The groups of settings: what each variable means, its default, and what it may be."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from pipeline.common.progress import PATIENCE
from pipeline.model.contact import Pauses

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
"""Holds `rules/`, `schemas/` and `desk/`, in a checkout as in an installed package."""

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


class Group(BaseModel):
    """Settings that belong together; a variable each, `NABIZ_<GROUP>_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Group):
    """The broker and how a role reads from it."""

    bootstrap: str = Field("127.0.0.1:9092", description="host:port[,host:port…]")
    replication: int = Field(1, ge=1, description="replicas of topics that we create")
    commit_interval: float = Field(0.5, gt=0, description="seconds between offset commits")
    session_timeout: float = Field(10.0, gt=0, description="seconds until a dead worker is out")
    batch_size: int = Field(2_000, ge=1, description="most messages handled at once")
    security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL (TLS), SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "", validate_default=True, description="SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    sasl_username: str = Field("", validate_default=True, description="SASL: who we are")
    sasl_password: SecretStr = Field(
        SecretStr(""), validate_default=True, description="SASL: the password"
    )
    ssl_ca_file: str = Field("", description="TLS: certificates to trust, PEM; empty: the system's")
    ssl_certificate_file: str = Field("", description="TLS: our certificate, PEM, if Kafka asks")
    ssl_key_file: str = Field(
        "", validate_default=True, description="TLS: its key, PEM, not encrypted"
    )

    @field_validator(
        *("sasl_mechanism", "sasl_username", "sasl_password"),
        *("ssl_ca_file", "ssl_certificate_file", "ssl_key_file"),
    )
    @classmethod
    def _fits_the_protocol(cls, value: T, info: ValidationInfo) -> T:
        protocol = info.data.get("security_protocol")
        if protocol is None:  # it is wrong itself, and named
            return value
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        kind = str(info.field_name).partition("_")[0].upper()
        if given and kind not in protocol:
            raise ValueError(
                f"has no effect while NABIZ_KAFKA_SECURITY_PROTOCOL is {protocol}: "
                f"leave it out, or set a protocol with {kind}"
            )
        if not given and kind == "SASL" and kind in protocol:
            raise ValueError(f"must be set, since NABIZ_KAFKA_SECURITY_PROTOCOL is {protocol}")
        return value

    @field_validator("ssl_key_file")
    @classmethod
    def _with_its_certificate(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("ssl_certificate_file", value)):
            raise ValueError("goes with NABIZ_KAFKA_SSL_CERTIFICATE_FILE: set both or none")
        return value

    @field_validator("bootstrap")
    @classmethod
    def _hosts_and_ports(cls, bootstrap: str) -> str:
        one = r"(\[[\da-fA-F:.]+\]|[^\s,/:\[\]]+):\d+"
        if not re.fullmatch(f"{one}(,{one})*", bootstrap):
            raise ValueError("must look like host:9092, [::1]:9092 or host:9092,other:9092")
        return bootstrap


class StoreSettings(Group):
    """Where events, KPIs and alerts are kept.

    `url` is `clickhouse://user:password@host:9000/database`, or empty for the in-process engine
    in the data folder.
    """

    url: SecretStr = Field(
        SecretStr(""),
        description="clickhouse://user:password@host:9000/database; empty: in the data folder",
    )
    batch_size: int = Field(10_000, ge=1, description="most messages written at once")
    batch_wait: float = Field(
        0.5, gt=0, description="seconds to wait for a batch to fill: an insert has a fixed cost"
    )
    retry_seconds: float = Field(120.0, ge=0, description="how long to wait while it is away")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            known = parts.scheme == "clickhouse" and parts.hostname and parts.port != 0
        except ValueError:  # a port that is no number
            known = False
        if url.get_secret_value() and not known:
            raise ValueError("must look like clickhouse://user:password@host:9000/database")
        return url


class CalendarSettings(Group):
    """When people work, and by which clock."""

    file: Path = Field(
        ROOT / "desk" / "calendar.yaml",
        description="time zone, business hours and days off, by brand and team",
    )


class BoardSettings(Group):
    """How the board is set up for those who work with it."""

    file: Path = Field(ROOT / "desk" / "board.yaml", description="snoozes, value of segments")


class UncountedSettings(Group):
    """Events that are kept but counted nowhere."""

    file: Path = Field(
        ROOT / "desk" / "uncounted.yaml", description="which events are of tests or internal"
    )


class EngineSettings(Group):
    """What reads the texts; `hf` needs a model folder or name, and its labels."""

    name: Literal["auto", "fast", "strong", "hf"] = Field(
        "auto", description="auto, fast, strong or hf"
    )
    patience: float = Field(
        0.1, ge=0, description="auto: seconds after which a message waits for no second opinion"
    )
    model: str = Field("", description="hf: folder or name of a text-classification model")
    labels: dict[str, Literal["negative", "neutral", "positive"]] = Field(
        default_factory=dict,
        description='hf: the model\'s labels to ours, JSON: {"LABEL_0": "negative"}',
    )


class DetectSettings(Group):
    """How a customer's risk is kept."""

    rules: Path = Field(ROOT / "rules", description="folder of the rules, watched for changes")
    half_life_days: float = Field(7.0, gt=0, description="days until a load counts half")
    risk_threshold: float = Field(0.8, gt=0, lt=1, description="risk at which an alert opens")
    max_events: int = Field(200, ge=10, le=1_000, description="events that a state remembers")
    language: Literal["tr", "en"] = Field("tr", description="language of an alert's `title`")
    pause_minutes: float = Field(
        30.0, ge=0, description="silence on its channel after which a customer's line is a contact"
    )
    channel_pauses: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description='pauses in minutes of channels that differ, JSON: {"email": 240, "call": 0}',
    )

    @cached_property
    def pauses(self) -> Pauses:
        """What ends a contact, by channel."""
        by_channel = {name: round(one * 60e6) for name, one in self.channel_pauses.items()}
        return Pauses(round(self.pause_minutes * 60e6), by_channel)

    @cached_property
    def basis(self) -> str:
        """What events are folded by, in one word: a state that was folded by another is old."""
        pauses = ",".join(f"{name}={one:g}" for name, one in sorted(self.channel_pauses.items()))
        return f"{self.half_life_days}/{self.risk_threshold}/{self.pause_minutes:g},{pauses}"


class FollowUpSettings(Group):
    """By when what must be done about an alert."""

    sla: Path = Field(ROOT / "desk" / "sla.yaml", description="how long each step may take")


class NotifySettings(Group):
    """Who is told of alerts, and how; `channels` gives the names in the routes an address."""

    routes: Path = Field(ROOT / "desk" / "routes.yaml", description="who is told of which alert")
    channels: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='channels by name, JSON: {"chat": "slack://…", "duty": "pagerduty://KEY"}',
    )
    channels_file: str = Field("", description="a file with the same JSON, for secrets")
    board: str = Field(
        "http://127.0.0.1:8089/board", description="address of the board in messages"
    )
    pagerduty: str = Field(
        "https://events.pagerduty.com", description="where PagerDuty takes events"
    )
    timeout: float = Field(10.0, gt=0, description="seconds that a channel may take to answer")
    retry_seconds: float = Field(
        30.0, ge=0, description="how long a channel is tried before the next one is"
    )


class DeadLetterSettings(Group):
    """When to stop rather than throw a topic away."""

    max_share: float = Field(0.5, gt=0, le=1, description="share of invalid messages that stops")
    window: int = Field(200, ge=10, description="messages over which the share is taken")


class UpSettings(Group):
    """`nabiz up`: everything on this machine."""

    patience: float = Field(
        PATIENCE, gt=0, description="a start has failed when nothing moved for so many seconds"
    )


class WorkerSettings(Group):
    """A worker's own web page of metrics and health."""

    host: str = Field("127.0.0.1", description="address that the page listens on")
    port: int = Field(0, ge=0, le=65_535, description="0 picks a free port")
    instance: str = Field("", description="stable name: a restarted worker keeps its partitions")
    stall_seconds: float = Field(30.0, gt=0, description="lag without a commit: unhealthy")
