"""The groups of settings of what other systems send."""

from pathlib import Path

from pydantic import Field, SecretStr

from pipeline.config.groups import ROOT, Group


class ConnectorsSettings(Group):
    """The systems that send to Nabız, and the seal of what they sent."""

    file: Path = Field(
        ROOT / "desk" / "connections.yaml", description="connections: which systems may send"
    )
    folder: Path = Field(ROOT / "connectors", description="folder of mappings, one a system")
    key: SecretStr = Field(
        SecretStr(""),
        description="seals deliveries on cx.received; several, apart by spaces: the first seals",
    )
