"""Renders the login page: plain HTML without scripts."""

import msgspec

from pipeline.common.html import render
from pipeline.common.languages import other_language, texts


class Ways(msgspec.Struct, frozen=True):
    """The logins that the page offers, and the logout URL of the company's."""

    password: bool = True
    company: str = ""
    leave_url: str = ""


PASSWORD = Ways()


def login_page(
    language: str, goes_to: str, message: str = "", seconds: int = 0, ways: Ways = PASSWORD
) -> str:
    """Return the page; `message` is "" or the key of a text; `seconds` is for the text `wait`."""
    labels = texts("pipeline.access", language)
    values = {
        "t": lambda key: labels[key].format(seconds=seconds, company=ways.company),
        "language": language,
        "other": other_language(language),
        "goes_to": goes_to,
        "message": message,
        "ways": ways,
    }
    return render("pipeline.access", "login.html", values)
