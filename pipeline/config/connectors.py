"""The groups of settings of what other systems send."""

from pathlib import Path

from pydantic import Field, SecretStr

from pipeline.config.groups import ROOT, Group


class ConnectorsSettings(Group):
    """The connected systems, and the seal of their deliveries."""

    file: Path = Field(
        ROOT / "desk" / "connections.yaml", description="connections: which systems may send"
    )
    folder: Path = Field(ROOT / "connectors", description="folder of mappings, one a system")
    key: SecretStr = Field(
        SecretStr(""),
        description="seals deliveries on cx.received; several, apart by spaces: the first seals",
    )


class ReceiveSettings(Group):
    """The receiver of deliveries, which other systems reach."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8087, ge=0, le=65_535, description="0 picks a free port")
    max_bytes: int = Field(
        1_048_576, ge=1_024, le=2_097_152, description="most bytes of a delivery"
    )
    rate: int = Field(5_000, ge=1, description="most deliveries a second of a connection")


class TranslateSettings(Group):
    """The translation of deliveries to events: their memories, and look-ups."""

    memory_days: float = Field(
        30.0, gt=0, description="days that a memory of a ticket or order is kept, since last told"
    )
    memories: int = Field(1_000_000, ge=1, description="most memories that a worker keeps")
    wait_seconds: float = Field(
        3_600.0,
        ge=0,
        description="seconds that a delivery waits for a memory or the source's API, at most",
    )
    waiting: int = Field(10_000, ge=1, description="most deliveries that wait in a worker")
    absent_seconds: float = Field(
        120.0, ge=0, description="seconds to ask again for what the source's API does not have yet"
    )
    calls_per_second: float = Field(5.0, gt=0, description="most look-ups a second of a connection")
    timeout: float = Field(10.0, gt=0, description="seconds until a look-up times out")
