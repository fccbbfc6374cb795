"""Loads the topic contracts from `schemas/<topic>/topic.yaml`."""

from pathlib import Path
from typing import Literal

import msgspec

from pipeline.common.yaml_files import read_form


class TopicError(Exception):
    """A topic.yaml is wrong; the message names the file and the field."""


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Personal fields as dotted paths into a message; `erasable` ones may be blanked."""

    personal: tuple[str, ...]
    erasable: tuple[str, ...]


Compatibility = Literal["none", "backward", "forward", "full"]


class SchemaVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a topic's schema; `file` is relative to its topic.yaml.

    `compatibility` is with the previous version. `backward`: new readers accept old messages, so
    readers are upgraded first; `forward`: old readers accept new messages, so writers may be
    upgraded first; `full`: both; `none`: neither.
    """

    version: int
    file: str
    compatibility: Compatibility


class TopicContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic's contract. `config` holds Kafka topic settings; `schemas` are ordered by version."""

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

    Raises TopicError for a file that is not a valid topic or whose folder has another name.
    """
    topics = [_load(path) for path in sorted(folder.glob("*/topic.yaml"))]
    return {topic.name: topic for topic in topics}


def _load(path: Path) -> TopicContract:
    topic = read_form(path, TopicContract, TopicError)
    if topic.name != path.parent.name:
        raise TopicError(f"{path}: `name` is {topic.name}, its folder is {path.parent.name}")
    versions = [schema.version for schema in topic.schemas]
    if not versions or versions != [*range(1, len(versions) + 1)]:
        raise TopicError(f"{path}: `schemas` must list the versions 1, 2, … in order")
    return topic
