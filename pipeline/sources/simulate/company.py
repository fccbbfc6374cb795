"""The simulated company as configured in its YAML files."""

from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from pipeline.model.alert import Severity
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType

Weights = dict[str, float]
Kind = Literal["outage", "late_delivery"]
PromiseKind = Literal["callback", "shipping", "visit"]


class Disturbance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident: `start` is a share of the span, `strikes` a share of a brand's customers."""

    kind: Kind
    start: tuple[float, float]
    hours: float
    strikes: float


class Brand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A brand, with the journeys of its customers and the themes they write about."""

    name: str
    share: float
    products: tuple[str, ...]
    journeys: Weights
    themes: Weights
    incident: Disturbance


class Chances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Probabilities of each turn of a journey."""

    bot_answers: float
    solved_at_first: float
    reopened: float
    another_channel: float
    goes_public: float
    threatens_to_leave: float
    order_late: float
    order_wrong: float
    rates: float
    comments: float
    self_service_works: float
    contacts_in_outage: float
    contacts_when_late: float
    has_personal_data: float
    tells_of_delay: float
    late_by_hours: float
    gives_word: float
    keeps_word: float
    moves_visit: float
    contradicts: float


class Typing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Probabilities of each distortion of a text."""

    without_turkish_letters: float
    lower_case: float
    typo: float
    emoji: float
    shouting: float


class SimulatedDesk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The staff who act on alerts: probability and median minutes of each step."""

    people: tuple[str, ...]
    takes_on: dict[Severity, float]
    minutes: dict[str, float]
    spread: float
    snoozes: float
    contacts: float
    resolves: float
    informs: float
    outcomes: Weights
    notes: dict[str, tuple[str, ...]]


class Aside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happens beside the journeys: these events, hours apart.

    `weekly` is how likely it is in a customer's week. Orders and tickets among the events have a
    number of their own. `truth` is what detection must ring for by the first of them.
    """

    weekly: float
    events: tuple[EventType, ...]
    channel: str
    source: str
    touchpoint: str
    author_type: AuthorType = AuthorType.CUSTOMER
    attributes: dict[str, str | bool] = {}
    truth: Literal["", "order_cancelled", "left"] = ""


class Habit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers with a habit: how many, as a share of the others, and of which brand."""

    share: float
    brand: str


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`company.yaml`."""

    brands: tuple[Brand, ...]
    segments: Weights
    languages: Weights
    cities: tuple[str, ...]
    contact_channels: Weights
    browse_channels: Weights
    public_channels: Weights
    touchpoints: dict[str, str]
    hours: tuple[float, ...]
    journeys_per_week: float
    chances: Chances
    typing: Typing
    asides: tuple[Aside, ...]
    stories: Weights
    habits: dict[str, Habit]
    zone: str
    desk: SimulatedDesk


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts of one language by mood: positive, neutral, negative, furious."""

    opening: dict[str, tuple[str, ...]]
    closing: dict[str, tuple[str, ...]]
    churn: tuple[str, ...]
    personal: tuple[str, ...]
    themes: dict[str, dict[str, tuple[str, ...]]]
    agent: dict[str, tuple[str, ...]]


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`texts.yaml`."""

    tr: Phrases
    en: Phrases
    emoji: dict[str, tuple[str, ...]]
    names: tuple[str, ...]


class Promise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent's promise in words: by `hours` from now, or by the end of the day `days` ahead."""

    kind: PromiseKind
    text: str
    hours: float | None = None
    days: int | None = None


class Speech(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said in one language: lines by name, and promises."""

    lines: dict[str, tuple[str, ...]]
    promises: tuple[Promise, ...]


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A turn of a conversation: who says a line of which name."""

    by: AuthorType
    line: str


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation; `known_by` is the turn, from 1, after which its going wrong can be seen."""

    kind: Literal["chat_wrong", "chat_friendly", "chat_recovers"]
    weight: float
    turns: tuple[Turn, ...]
    known_by: int = 1


class Dialogues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`dialogues.yaml`."""

    tr: Speech
    en: Speech
    scripts: tuple[Script, ...]


_FOLDER = Path(__file__).parent


@cache
def company() -> Company:
    """Return the company."""
    return msgspec.yaml.decode((_FOLDER / "company.yaml").read_bytes(), type=Company)


@cache
def texts() -> Texts:
    """Return what its customers and agents write."""
    return msgspec.yaml.decode((_FOLDER / "texts.yaml").read_bytes(), type=Texts)


@cache
def dialogues() -> Dialogues:
    """Return what is said in stories."""
    return msgspec.yaml.decode((_FOLDER / "dialogues.yaml").read_bytes(), type=Dialogues)


def pick(rng: Random, weights: Weights) -> str:
    """Draw a name by its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
