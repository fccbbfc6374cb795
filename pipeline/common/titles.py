"""Titles in the languages of their readers."""

import msgspec


class Titles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A title, or any text, in each language."""

    tr: str
    en: str

    def text(self, language: str) -> str:
        """Return it in `tr` or `en`."""
        return self.tr if language == "tr" else self.en
