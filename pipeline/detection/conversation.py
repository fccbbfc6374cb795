"""How a conversation goes: what went wrong in the turns of a contact so far.

A turn is a line by the customer, an agent or a bot, numbered from 1, the customer's first line. The
lines of one thought, with nobody's answer between, are judged once.
"""

from typing import Final
from zlib import crc32

import msgspec
from msgspec.structs import replace

from pipeline.common.letters import letters_of
from pipeline.detection.entry import LogEntry
from pipeline.detection.line_dangers import DANGERS, LINES, HeardLine, told_together
from pipeline.detection.spans import EvidenceRef, first_and_newest
from pipeline.model.contact import POLITE
from pipeline.model.event import AuthorType
from pipeline.model.reading import MAX_LEVEL

PROOF: Final = 8
"""Maximum number of turns that prove how a conversation goes: the first and the newest."""
REMEMBERED: Final = 6
"""Maximum number of turns whose words are compared with those of the next."""
WORDS: Final = 8
"""Maximum number of words of a turn that are compared."""

_FAILURES: Final = frozenset({"not_understood", "cannot_help"})
"""Acts of the company that leave the customer without help."""
_PASSES_ON: Final = frozenset({"hands_over", "forwards"})
"""Acts that pass the customer, or the matter, on to somebody else."""
_ASKS: Final = frozenset({"ask_person"})
_ANGRY: Final = MAX_LEVEL - 1
_ALIKE: Final = 0.6
"""Share of common words (Jaccard index) of turns that say the same."""
_FEW: Final = 3
"""Words that a turn must have to be compared: any two questions have `where is` in common."""
_SHORTEST: Final = 3
"""Letters of the shortest word that is compared."""
_STEM: Final = 5
"""Letters of a word that tell it; Turkish endings come behind them."""
_NEWEST: Final = 0.5
"""Weight of the newest turn in the customer's mood, an exponentially weighted mean."""


class Conversation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The turns of a contact so far, as they count; bounded.

    `setbacks` are turns in which it went wrong: the company did not understand, could not help,
    refused a person, said the same again or passed it on again; the customer said it again, asked
    again for a person or became angry. `negative_turns` are those in which the customer is negative
    again after an answer. `opening` and `mood` are the customer's negativity, 0 to 1, at first and
    in the mean of the last turns. `worsens` is whether the last turn is one of these; `proof`
    refers to them. `passed_on`: the company passed the customer or the matter on; `has_person`: an
    agent has come. `dangers` are those that the customer's last lines tell of together, the last
    turn included; `danger_proof` refers to these lines.
    """

    turns: int = 0
    customer_turns: int = 0
    bot_misses: int = 0
    repeats: int = 0
    apologies: int = 0
    setbacks: int = 0
    negative_turns: int = 0
    asked_person: bool = False
    refused_person: bool = False
    opening: float = 0.0
    mood: float = 0.0
    worsens: bool = False
    proof: tuple[EvidenceRef, ...] = ()
    # What the next turn is judged by.
    last_author: str = ""
    company_answered: bool = False
    is_negative: bool = False
    run_is_judged: bool = False
    was_missed: bool = False
    said: tuple[tuple[str, tuple[int, ...]], ...] = ()
    # Conversations of older versions end here: later fields need a default.
    passed_on: bool = False
    has_person: bool = False
    heard: tuple[HeardLine, ...] = ()
    dangers: tuple[str, ...] = ()
    danger_proof: tuple[EvidenceRef, ...] = ()

    @property
    def marks(self) -> tuple[EvidenceRef, ...]:
        """The references to lines whose quotes may still be needed."""
        return (*self.proof, *[line.mark for line in self.heard])


EMPTY: Final = Conversation()


def with_turn(before: Conversation, entry: LogEntry) -> Conversation:
    """Return the conversation with the entry as its next turn."""
    if entry.author_type == AuthorType.AGENT and not before.has_person:
        before = _with_person(before)
    by_customer = entry.author_type == AuthorType.CUSTOMER
    party = "customer" if by_customer else "company"
    # What repeats an act, as to ask for a moment, is that act.
    words = () if entry.acts else _words(entry)
    again = any(of == party and _alike(words, earlier) for of, earlier in before.said)
    counted = replace(
        before,
        turns=before.turns + 1,
        worsens=False,
        last_author=party,
        run_is_judged=before.run_is_judged and before.last_author == party,
        said=(*before.said[1 - REMEMBERED :], (party, words)) if words else before.said,
    )
    if before.heard or entry.danger_parts:
        counted = _with_dangers(counted, entry, by_customer=by_customer)
    if by_customer:
        return _with_customer(counted, entry, again=again and before.company_answered)
    # To say it twice in a row is to say it once.
    in_vain = before.passed_on and before.last_author != party
    return _with_company(counted, entry, again=again, in_vain=in_vain)


def _with_customer(now: Conversation, entry: LogEntry, *, again: bool) -> Conversation:
    asks = not _ASKS.isdisjoint(entry.intents)
    # Who was not understood has to say it again, and is not judged by it.
    again = again and not now.was_missed
    repeats = (again or "repeats" in entry.intents) and now.company_answered
    setback = repeats or (asks and (now.asked_person or now.setbacks > 0))
    setback = setback or (entry.anger >= _ANGRY and now.company_answered)
    negative = entry.label == "negative"
    # The first negative words are the matter that the customer comes with.
    negative_again = negative and now.is_negative and now.company_answered and not now.was_missed
    judged = now.run_is_judged
    first = now.customer_turns == 0
    mood = now.mood + _NEWEST * (entry.negative - now.mood)
    now = replace(
        now,
        customer_turns=now.customer_turns + 1,
        repeats=now.repeats + repeats,
        asked_person=now.asked_person or asks,
        opening=entry.negative if first else now.opening,
        mood=(entry.negative if first else mood) if entry.has_text else now.mood,
        is_negative=now.is_negative or negative,
        setbacks=now.setbacks + (setback and not judged),
        negative_turns=now.negative_turns + (negative_again and not judged),
        worsens=(setback or negative_again) and not judged,
        run_is_judged=judged or setback or negative_again,
    )
    # Thanks prove nothing, least of all where they are meant as irony.
    cites = (asks or now.worsens) and POLITE.isdisjoint(entry.intents)
    return _with_proof(now, entry) if cites else now


def _with_dangers(now: Conversation, entry: LogEntry, *, by_customer: bool) -> Conversation:
    if not by_customer:
        return replace(now, dangers=(), danger_proof=())
    mark = replace(entry.mark(), turn=now.turns)
    heard = (*now.heard[1 - LINES :], HeardLine(entry.danger_parts, mark))
    together = told_together(heard)
    proof = tuple(dict.fromkeys(mark for marks in together.values() for mark in marks))
    if not any(line.parts for line in heard):
        heard = ()
    return replace(now, heard=heard, dangers=tuple(together)[:DANGERS], danger_proof=proof)


def _with_person(now: Conversation) -> Conversation:
    """Return the conversation as its first agent comes: what went wrong with a bot is mended.

    That the company says to hand over mends nothing.
    """
    if not now.company_answered:
        return replace(now, has_person=True)
    return replace(
        now,
        bot_misses=0,
        setbacks=0,
        negative_turns=0,
        asked_person=False,
        is_negative=False,
        company_answered=False,
        was_missed=False,
        proof=(),
        said=(),
        passed_on=False,
        has_person=True,
    )


def _with_company(
    now: Conversation, entry: LogEntry, *, again: bool, in_vain: bool
) -> Conversation:
    misses = "not_understood" in entry.acts
    passes_on = not _PASSES_ON.isdisjoint(entry.acts)
    # Who greets and says that nobody is there refuses nobody.
    refuses = "refuses_person" in entry.acts and (now.asked_person or now.company_answered)
    setback = refuses or again or (passes_on and in_vain) or not _FAILURES.isdisjoint(entry.acts)
    now = replace(
        now,
        bot_misses=now.bot_misses + (misses and entry.author_type == AuthorType.BOT),
        apologies=now.apologies + ("apology" in entry.acts),
        refused_person=now.refused_person or refuses,
        company_answered=True,
        was_missed=misses,
        setbacks=now.setbacks + setback,
        worsens=setback,
        passed_on=now.passed_on or passes_on,
    )
    return _with_proof(now, entry) if setback else now


def _with_proof(now: Conversation, entry: LogEntry) -> Conversation:
    mark = replace(entry.mark(_ASKS), turn=now.turns)
    return replace(now, proof=first_and_newest((*now.proof, mark), PROOF))


def _words(entry: LogEntry) -> tuple[int, ...]:
    """Return the hashes of the words of the quoted part of a text, sorted; none if too few."""
    words = letters_of(entry.spans[0].quote).split()
    stems = {word[:_STEM] for word in words if len(word) >= _SHORTEST}
    if len(stems) < _FEW:
        return ()
    return tuple(sorted([crc32(stem.encode()) & 0xFFFF for stem in stems])[:WORDS])


def _alike(words: tuple[int, ...], others: tuple[int, ...]) -> bool:
    common = len(set(words).intersection(others))
    return common > 0 and common >= _ALIKE * (len(words) + len(others) - common)
