"""The groups of settings: meaning, default and constraints of each variable."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from pipeline.common.languages import Language
from pipeline.common.names import folded
from pipeline.common.progress import PATIENCE
from pipeline.model.contact import Pauses
from pipeline.model.risk_model import RiskModel, RiskModelError, load_risk_model

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
"""Holds `rules/`, `schemas/` and `desk/`, in a checkout as in an installed package."""

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


class Group(BaseModel):
    """A group of settings; each is a variable `NABIZ_<GROUP>_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Group):
    """The Kafka broker, and how roles consume from it."""

    bootstrap: str = Field("127.0.0.1:9092", description="host:port[,host:port…]")
    replication: int = Field(1, ge=1, description="replicas of created topics")
    commit_interval: float = Field(0.5, gt=0, description="seconds between offset commits")
    session_timeout: float = Field(10.0, gt=0, description="seconds until a dead worker is removed")
    batch_size: int = Field(2_000, ge=1, description="most messages in a batch")
    security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL (TLS), SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "", validate_default=True, description="SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    sasl_username: str = Field("", validate_default=True, description="SASL: user name")
    sasl_password: SecretStr = Field(
        SecretStr(""), validate_default=True, description="SASL: password"
    )
    ssl_ca_file: str = Field("", description="TLS: trusted certificates, PEM; empty: the system's")
    ssl_certificate_file: str = Field(
        "", description="TLS: client certificate, PEM, if Kafka requires one"
    )
    ssl_key_file: str = Field(
        "",
        validate_default=True,
        description="TLS: key of the client certificate, PEM, unencrypted",
    )

    @field_validator(
        *("sasl_mechanism", "sasl_username", "sasl_password"),
        *("ssl_ca_file", "ssl_certificate_file", "ssl_key_file"),
    )
    @classmethod
    def _fits_the_protocol(cls, value: T, info: ValidationInfo) -> T:
        protocol = info.data.get("security_protocol")
        if protocol is None:  # invalid itself, and reported
            return value
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        kind = str(info.field_name).partition("_")[0].upper()
        if text and kind not in protocol:
            raise ValueError(
                f"has no effect while NABIZ_KAFKA_SECURITY_PROTOCOL is {protocol}: "
                f"leave it out, or set a protocol with {kind}"
            )
        if not text and kind == "SASL" and kind in protocol:
            raise ValueError(f"must be set, since NABIZ_KAFKA_SECURITY_PROTOCOL is {protocol}")
        return value

    @field_validator("ssl_key_file")
    @classmethod
    def _with_its_certificate(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("ssl_certificate_file", value)):
            raise ValueError("goes with NABIZ_KAFKA_SSL_CERTIFICATE_FILE: set both or neither")
        return value

    @field_validator("bootstrap")
    @classmethod
    def _hosts_and_ports(cls, bootstrap: str) -> str:
        address = r"(\[[\da-fA-F:.]+\]|[^\s,/:\[\]]+):\d+"
        if not re.fullmatch(f"{address}(,{address})*", bootstrap):
            raise ValueError("must look like host:9092, [::1]:9092 or host:9092,other:9092")
        return bootstrap


class StoreSettings(Group):
    """The store of events, KPIs and alerts.

    `url` is `clickhouse://user:password@host:9000/database`, or empty for the in-process engine
    in the data folder.
    """

    url: SecretStr = Field(
        SecretStr(""),
        description="clickhouse://user:password@host:9000/database; empty: in the data folder",
    )
    batch_size: int = Field(10_000, ge=1, description="most messages in a write")
    batch_wait: float = Field(
        0.5, gt=0, description="seconds to wait for a full batch, since an insert has a fixed cost"
    )
    retry_seconds: float = Field(
        120.0, ge=0, description="seconds to retry while the store is unavailable"
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            known = parts.scheme == "clickhouse" and parts.hostname and parts.port != 0
        except ValueError:  # an invalid port
            known = False
        if url.get_secret_value() and not known:
            raise ValueError("must look like clickhouse://user:password@host:9000/database")
        return url


class CalendarSettings(Group):
    """Business time and its time zone."""

    file: Path = Field(
        ROOT / "desk" / "calendar.yaml",
        description="time zone, business hours and days off, by brand and team",
    )


class BoardSettings(Group):
    """The company's setup of the board."""

    file: Path = Field(
        ROOT / "desk" / "board.yaml", description="time zone, snoozes, weight of segments"
    )


class UncountedSettings(Group):
    """Events that are stored but not counted."""

    file: Path = Field(
        ROOT / "desk" / "uncounted.yaml", description="which events are internal or tests"
    )


class EngineSettings(Group):
    """The text engine; `hf` needs a model folder or name, and its labels."""

    name: Literal["auto", "fast", "strong", "hf"] = Field(
        "auto", description="auto, fast, strong or hf"
    )
    patience: float = Field(
        0.1, ge=0, description="auto: age in seconds up to which a message gets a second opinion"
    )
    model: str = Field("", description="hf: folder or name of a text-classification model")
    labels: dict[str, Literal["negative", "neutral", "positive"]] = Field(
        default_factory=dict,
        description='hf: labels of the model mapped to ours, JSON: {"LABEL_0": "negative"}',
    )


class DetectSettings(Group):
    """The computation of a customer's risk."""

    rules: Path = Field(ROOT / "rules", description="folder of rules, watched for changes")
    half_life_days: float = Field(
        7.0, gt=0, description="days of ordinary life in which a load on the risk halves"
    )
    risk_threshold: float = Field(
        0.8,
        gt=0,
        lt=1,
        description="score at which an alert opens; a model of risk has a threshold of its own",
    )
    risk_model: str = Field(
        "", description="file of `nabiz risk fit`: risk is a probability; empty: it is a score"
    )
    max_events: int = Field(
        200, ge=10, le=1_000, description="most events kept in a customer's state"
    )
    language: Language = Field("tr", description="language of an alert's `title`")
    pause_minutes: float = Field(
        30.0, ge=0, description="minutes of silence on a channel that end a contact"
    )
    channel_pauses: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description='minutes for channels that differ, JSON: {"email": 240, "call": 0}',
    )

    @cached_property
    def pauses(self) -> Pauses:
        """The pauses that end a contact, by channel."""
        by_channel = {
            folded(name): round(pause * 60e6) for name, pause in self.channel_pauses.items()
        }
        return Pauses(round(self.pause_minutes * 60e6), by_channel)

    @field_validator("risk_model")
    @classmethod
    def _fitted_for_these_settings(cls, file: str, info: ValidationInfo) -> str:
        half_life = info.data.get("half_life_days")
        if not file or half_life is None:
            return file
        try:
            fitted = load_risk_model(Path(file))
        except RiskModelError as error:
            raise ValueError(str(error)) from None
        if fitted.half_life_days != half_life:
            raise ValueError(
                f"was fitted with NABIZ_DETECT_HALF_LIFE_DAYS={fitted.half_life_days:g}: "
                "set that, or fit it again (nabiz risk fit)"
            )
        return file

    @cached_property
    def fitted(self) -> RiskModel | None:
        """The model by which risk is a probability, None where it is a score."""
        return load_risk_model(Path(self.risk_model)) if self.risk_model else None

    @cached_property
    def threshold(self) -> float:
        """The risk at which an alert opens: that of the model, if there is one."""
        return self.fitted.threshold if self.fitted else self.risk_threshold

    @cached_property
    def basis(self) -> str:
        """Identifies the parameters of the fold; a state folded by others is outdated."""
        pauses = ",".join(
            f"{name}={pause:g}" for name, pause in sorted(self.channel_pauses.items())
        )
        model = f"/{self.fitted.digest}" if self.fitted else ""
        return f"{self.half_life_days}/{self.risk_threshold}/{self.pause_minutes:g},{pauses}{model}"


class FollowUpSettings(Group):
    """Deadlines for the follow-up of alerts."""

    sla: Path = Field(
        ROOT / "desk" / "sla.yaml", description="durations of the steps of a follow-up"
    )


class NotifySettings(Group):
    """Notifications of alerts; `channels` maps names in the routes to addresses."""

    routes: Path = Field(ROOT / "desk" / "routes.yaml", description="routes of alerts to channels")
    channels: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='channels by name, JSON: {"chat": "slack://…", "duty": "pagerduty://KEY"}',
    )
    channels_file: str = Field("", description="file with the same JSON, for secrets")
    board: str = Field(
        "http://127.0.0.1:8089/board", description="address of the board in messages"
    )
    pagerduty: str = Field(
        "https://events.pagerduty.com", description="address of PagerDuty's Events API"
    )
    timeout: float = Field(10.0, gt=0, description="seconds until a channel times out")
    retry_seconds: float = Field(
        30.0, ge=0, description="seconds to retry a channel before the next one is used"
    )


class DeadLetterSettings(Group):
    """The limit of invalid messages at which a role halts instead of discarding a topic."""

    max_share: float = Field(0.5, gt=0, le=1, description="share of invalid messages that halts")
    window: int = Field(200, ge=10, description="latest messages of which the share is taken")


class UpSettings(Group):
    """`nabiz up`, which runs everything on one machine."""

    patience: float = Field(
        PATIENCE, gt=0, description="seconds without progress after which a start has failed"
    )


class WorkerSettings(Group):
    """A worker's server for metrics and health."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(0, ge=0, le=65_535, description="0 picks a free port")
    instance: str = Field(
        "", description="stable name, with which a restarted worker keeps its partitions"
    )
    stall_seconds: float = Field(
        30.0, gt=0, description="seconds of lag without a commit until unhealthy"
    )
