"""The steps to connect a system, from its page in docs/connectors."""

import re
from pathlib import Path

HEADINGS = {"tr": "Türkçe", "en": "English"}


def guide(page: Path, language: str) -> str:
    """Return the steps in a language, without mark-up, then the entry to copy.

    Return "" if there is no such page.
    """
    try:
        text = page.read_text("utf-8")
    except FileNotFoundError:
        return ""
    section = re.search(rf"^## {HEADINGS[language]}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    entry = re.search(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    steps = re.split(r"^(?:\||```yaml)", section[1] if section else "", maxsplit=1, flags=re.M)[0]
    plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", steps)
    plain = re.sub(r"\*\*|`|\*(?=\S)|(?<=\S)\*", "", plain)
    parts = (plain.strip(), entry[1].strip() if entry else "")
    return "\n\n".join(filter(None, parts))
