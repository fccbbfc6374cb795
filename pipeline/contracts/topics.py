"""Topics as they are declared in `schemas/<topic>/topic.yaml`."""

from pathlib import Path
from typing import Literal

import msgspec

from pipeline.common.yaml_files import read_form


class TopicError(Exception):
    """A topic.yaml is wrong; the message names the file and the field."""


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields as dotted paths into a message; what is `erasable` may be blanked."""

    personal: tuple[str, ...]
    erasable: tuple[str, ...]


Compatibility = Literal["none", "backward", "forward", "full"]


class SchemaVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a topic's schema; `file` lies beside its topic.yaml.

    `compatibility` is that with the version before. `backward`: readers of this one read what was
    written by that one, so that readers are upgraded first; `forward`: readers of that one read
    what is written by this one, so that writers may be; `full`: both; `none`: neither.
    """

    version: int
    file: str
    compatibility: Compatibility


class TopicContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic's contract. `config` are Kafka's own topic settings; `schemas` go by version."""

    name: str
    description: str
    owner: str
    key: str
    schemas: tuple[SchemaVersion, ...]
    config: dict[str, str]
    privacy: Privacy
    partitions: int = 4


def load_topics(folder: Path) -> dict[str, TopicContract]:
    """Return the topics declared under `folder` by name, in alphabetical order.

    Raises TopicError for a file that cannot be read as a topic, or is in another topic's folder.
    """
    topics = [_load(path) for path in sorted(folder.glob("*/topic.yaml"))]
    return {topic.name: topic for topic in topics}


def _load(path: Path) -> TopicContract:
    topic = read_form(path, TopicContract, TopicError)
    if topic.name != path.parent.name:
        raise TopicError(f"{path}: `name` is {topic.name}, its folder is {path.parent.name}")
    versions = [schema.version for schema in topic.schemas]
    if not versions or versions != [*range(1, len(versions) + 1)]:
        raise TopicError(f"{path}: `schemas` must have the versions 1, 2, … in this order")
    return topic
