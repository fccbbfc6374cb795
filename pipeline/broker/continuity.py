"""Decides whether a consumer group can resume: compares its last note with the topics as they are.

With each offset a group commits a note: the ids of its topics, their numbers of partitions, and
the changelog offset of the states that belong to the committed one. Kafka keeps the note with the
offset. So a topic that was recreated, extended or truncated, or a missing changelog, is detected
before anything is read.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from pipeline.broker.survey import Place, Survey, TopicAsIs
from pipeline.common.plurals import counted

Kind: TypeAlias = Literal["expired", "truncated", "recreated"]


class KeptStates(msgspec.Struct, frozen=True):
    """The changelog's id, and the offsets that it held: from `first` to before `next`."""

    topic: str
    first: int
    next: int


class FailedRules(msgspec.Struct, frozen=True):
    """Rules that failed on an event, with the reason, by name."""

    version: str
    problems: dict[str, str]


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """The note committed with an offset.

    `topics` are all inputs of the role, since Kafka forgets the offsets of a deleted topic. `epoch`
    counts truncations of the partition, after which offsets are used again. `failed` is for
    monitoring.
    """

    topics: dict[str, TopicAsIs] = {}
    epoch: int = 0
    states: KeptStates | None = None
    failed: FailedRules | None = None


class Breach(NamedTuple):
    """The reason why a partition does not resume where the group left it, and the lost messages.

    expired: unread messages are gone. truncated: the newest are gone, some already read. recreated:
    the topic was deleted and created again; the loss is unknown.
    """

    kind: Kind
    messages: int


class Verdict(NamedTuple):
    """The offset at which to resume a partition, and its epoch."""

    start: int
    epoch: int
    breach: Breach | None


class StatesLost(Exception):  # noqa: N818 - a state of Kafka, not a mistake
    """The changelog no longer holds the states that belong to the committed offsets."""


def read_note(text: str) -> Note:
    """Parse a note; an empty one if the offset was committed by another tool."""
    try:
        return msgspec.json.decode(text, type=Note)
    except msgspec.DecodeError:
        return Note()


def write_note(note: Note) -> str:
    """Encode the note for a commit: under 3,000 bytes of the 4,096 that Kafka allows."""
    return msgspec.json.encode(note).decode()


def judge(place: Place, found: Survey) -> Verdict:
    """Return the verdict on where a group resumes a partition of an input."""
    topic, first, end = place[0], found.first[place], found.end[place]
    now = found.topics[topic].id
    committed = found.committed.get(place)
    if committed is None:
        known = {note.topics[topic].id for note in _notes(found) if topic in note.topics}
        anew = known and all(_another(topic_id, now) for topic_id in known)
        return Verdict(first, 0, Breach("recreated", 0) if anew else None)
    note, offset = read_note(committed.note), committed.offset
    known_id = note.topics[topic].id if topic in note.topics else ""
    if _another(known_id, now):
        return Verdict(first, 0, Breach("recreated", 0))
    if offset > end and not (known_id and now):
        return Verdict(first, note.epoch + 1, Breach("recreated", 0))
    if offset > end:
        return Verdict(end, note.epoch + 1, Breach("truncated", offset - end))
    if offset < first:
        return Verdict(first, note.epoch, Breach("expired", first - offset))
    return Verdict(offset, note.epoch, None)


def demand_states(partition: int, changelog: str, found: Survey) -> None:
    """Check that the changelog still holds the states up to the committed offset.

    More partitions move customers between all of them, so any note shows that topics grew; a new
    partition has no note. Raises StatesLost.
    """
    for (_, number), committed in found.committed.items():
        note = read_note(committed.note)
        _demand_counts(note, found)
        if number == partition and note.states:
            _demand_kept(note.states, partition, changelog, found)


def _demand_counts(note: Note, found: Survey) -> None:
    for name, was in note.topics.items():
        if (topic := found.topics.get(name)) and topic.partitions != was.partitions:
            raise StatesLost(
                f"{name} has {counted(topic.partitions, 'partition')} and had {was.partitions} "
                "when the states were kept: customers have moved to others, where their states "
                "are not"
            )


def _demand_kept(kept: KeptStates, partition: int, changelog: str, found: Survey) -> None:
    here = found.topics.get(changelog)
    if here is None or _another(kept.topic, here.id):
        raise StatesLost(f"{changelog} was deleted and recreated: the states in it are gone")
    where = (changelog, partition)
    if (lost := kept.next - found.end[where]) > 0:
        records = counted(lost, "record")
        raise StatesLost(f"partition {partition} of {changelog} has lost its last {records}")
    if (lost := found.first[where] - kept.first) > 0:
        records = counted(lost, "record")
        raise StatesLost(f"partition {partition} of {changelog} has lost its first {records}")


def _another(known: str, now: str) -> bool:
    """Return whether two ids belong to different topics; "" matches any."""
    return bool(known and now) and known != now


def _notes(found: Survey) -> Iterator[Note]:
    return (read_note(committed.note) for committed in found.committed.values())
