"""A state store in a dictionary that outlives workers, which may be killed anywhere."""

from collections.abc import Iterator, Sequence

from agents.runtime.state_store import ChangelogAck, StateKey, StoredState
from pipeline.detection.customer import due_of

FOREVER = 10**6


class Killed(Exception):  # noqa: N818 - an event, not a mistake
    """The worker was killed."""


class World:
    """The surviving states, and the number of steps until the current worker is killed."""

    def __init__(self) -> None:
        self.states: dict[StateKey, bytes] = {}
        self.steps_to_live = FOREVER

    async def live(self) -> None:
        if self.steps_to_live == 0:
            raise Killed
        self.steps_to_live -= 1


class Table:
    """A worker's view of the states of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._staged: dict[StateKey, bytes | None] = {}

    def get(self, partition: int, customer_id: str) -> bytes | None:
        place = StateKey(partition, customer_id)
        if place in self._staged:
            return self._staged[place]
        return self._world.states.get(place)

    def all(self, beginning: str = "") -> Iterator[tuple[StateKey, bytes]]:
        for place, state in sorted(self._world.states.items()):
            if place.customer_id.startswith(beginning):
                yield place, state

    def partitions(self) -> list[int]:
        return sorted({place.partition for place in self._world.states})

    def due(self, partition: int, until: int, most: int) -> list[StateKey]:
        places = {*self._world.states, *self._staged}
        states = {place: self.get(*place) for place in places if place.partition == partition}
        due = sorted((due_of(state), place) for place, state in states.items() if state)
        return [place for at, place in due if at <= until][:most]

    def stage(self, states: Sequence[StoredState]) -> None:
        self._staged |= {StateKey(*place): state for *place, state, _ in states}

    async def commit(self, states: Sequence[StoredState]) -> None:
        self.write_local(await self.flush_changelog(states))

    async def flush_changelog(self, states: Sequence[StoredState]) -> ChangelogAck:
        """Write one by one, so that a killed worker has written a part."""
        for *place, state, _ in states:
            await self._world.live()
            self._world.states.pop(StateKey(*place), None)
            if state is not None:
                self._world.states[StateKey(*place)] = state
        return ChangelogAck(states, [], {})

    def write_local(self, *acks: ChangelogAck) -> None:
        """Do nothing: the changelog is the world."""
