"""Writes texts as customers type them."""

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from pipeline.sources.simulate.company import (
    Phrases,
    PromiseKind,
    Typing,
    company,
    dialogues,
    texts,
)
from pipeline.sources.simulate.personal import FAKES
from pipeline.sources.simulate.plan import SimulatedCustomer

_ASCII = str.maketrans("çğıöşüÇĞİÖŞÜ", "cgiosuCGIOSU")
_UPPER = str.maketrans({"i": "İ", "ı": "I"})
_LOWER = str.maketrans({"İ": "i", "I": "ı"})
_MOODS = {
    "angry": "negative",
    "blames": "negative",
    "endangered": "negative",
    "furious": "furious",
    "thanks": "positive",
    "praises": "positive",
}
"""Moods of the lines that are not neutral."""


def write(
    rng: Random,
    customer: SimulatedCustomer,
    theme: str,
    mood: str,
    *,
    product: str,
    order: str = "",
    leaves: bool = False,
) -> str:
    """Return a text about `theme` in `mood`; with `leaves`, a threat to leave."""
    phrases = _phrases(customer)
    about = phrases.themes[theme][mood]
    parts = [rng.choice(phrases.opening[mood]), rng.choice(about)]
    if rng.random() < 0.3:
        parts.append(rng.choice(about))
    if leaves:
        parts.append(rng.choice(phrases.churn))
    parts.append(rng.choice(phrases.closing[mood]))
    if rng.random() < company().chances.has_personal_data:
        parts.append(rng.choice(phrases.personal))
    text = _fill(rng, " ".join(filter(None, dict.fromkeys(parts))), customer, product, order)
    return _roughen(rng, text, mood, company().typing, customer.language)


def comment(rng: Random, customer: SimulatedCustomer, mood: str) -> str:
    """Return a short comment for a score."""
    text = rng.choice(_phrases(customer).themes["survey"][mood])
    return _roughen(rng, text, mood, company().typing, customer.language)


def answer(rng: Random, customer: SimulatedCustomer, step: str) -> str:
    """Return a text of the company; `step` is bot, reply or resolved."""
    return _fill(rng, rng.choice(_phrases(customer).agent[step]), customer, product="", order="")


def spoken(rng: Random, customer: SimulatedCustomer, line: str, *, product: str) -> str:
    """Return a line of a dialogue by its name, with typing errors if a customer says it."""
    speech = dialogues().tr if customer.language == "tr" else dialogues().en
    text = _fill(rng, rng.choice(speech.lines[line]), customer, product, order="")
    if line.startswith(("agent_", "bot_", "calls_")):
        return text
    mood = _MOODS.get(line, "neutral")
    return _roughen(rng, text, mood, company().typing, customer.language)


def promise(
    rng: Random, customer: SimulatedCustomer, kind: PromiseKind, at: datetime
) -> tuple[str, datetime]:
    """Return an agent's promise in words, and by when it holds.

    What is promised for a day holds until it ends; for today it is promised by three in the
    afternoon.
    """
    speech = dialogues().tr if customer.language == "tr" else dialogues().en
    local = at.astimezone(ZoneInfo(company().zone))
    said = rng.choice(
        [one for one in speech.promises if one.kind == kind and (one.days != 0 or local.hour < 15)]
    )
    if said.days is None:
        return said.text, at + timedelta(hours=said.hours or 0)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return said.text, (today + timedelta(days=said.days + 1)).astimezone(at.tzinfo)


def _phrases(customer: SimulatedCustomer) -> Phrases:
    return texts().tr if customer.language == "tr" else texts().en


def _fill(rng: Random, text: str, customer: SimulatedCustomer, product: str, order: str) -> str:
    if "{" not in text:
        return text
    fakes = {name: fake(rng) for name, fake in FAKES.items() if f"{{{name}}}" in text}
    return text.format(
        brand=customer.brand.name,
        city=customer.city,
        product=product,
        order=order or f"S{rng.randrange(10**6):06}",
        days=rng.randrange(2, 15),
        hours=rng.randrange(2, 30),
        amount=rng.randrange(40, 4_000),
        name=rng.choice(texts().names),
        **fakes,
    )


def _roughen(rng: Random, text: str, mood: str, typing: Typing, language: str) -> str:
    """Add typing errors."""
    if mood == "furious" and rng.random() < typing.shouting:
        text = (text.translate(_UPPER) if language == "tr" else text).upper()
    elif rng.random() < typing.lower_case:
        text = (text.translate(_LOWER) if language == "tr" else text).lower().rstrip(".")
    if rng.random() < typing.typo:
        text = _swap(rng, text)
    if language == "tr" and rng.random() < typing.without_turkish_letters:
        text = text.translate(_ASCII)
    if rng.random() < typing.emoji:
        text = f"{text} {rng.choice(texts().emoji[mood])}"
    return text


def _swap(rng: Random, text: str) -> str:
    """Swap two adjacent letters; digits stay, since they may have a checksum."""
    at = rng.randrange(len(text) - 1)
    pair = text[at : at + 2]
    return text[:at] + pair[::-1] + text[at + 2 :] if pair.isalpha() else text
