"""The login page as text: plain HTML that needs no script."""

import msgspec

from pipeline.common.html import render
from pipeline.common.languages import other_language, texts


class Ways(msgspec.Struct, frozen=True):
    """What the page offers: a password, the login of a company, how to log out of the latter."""

    password: bool = True
    company: str = ""
    leave_url: str = ""


PASSWORD = Ways()


def login_page(
    language: str, goes_to: str, message: str = "", seconds: int = 0, ways: Ways = PASSWORD
) -> str:
    """Return the page; `message` is "" or the key of a text, that of `wait` says `seconds`."""
    said = texts("pipeline.access", language)
    values = {
        "t": lambda key: said[key].format(seconds=seconds, company=ways.company),
        "language": language,
        "other": other_language(language),
        "goes_to": goes_to,
        "message": message,
        "ways": ways,
    }
    return render("pipeline.access", "login.html", values)
