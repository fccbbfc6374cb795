"""Numbers with their nouns in English; Turkish nouns stay singular behind a number."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 event`, `2 events`, `2,000 events`; `plural` if it is irregular."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
