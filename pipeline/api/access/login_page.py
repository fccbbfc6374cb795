"""The login page as text: plain HTML that needs no script, in Turkish and English."""

import re
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlencode

import msgspec

LANGUAGES = ("tr", "en")
_LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/._~%?&=+,:@-]*")


def login_page(language: str, goes_to: str, message: str = "", seconds: int = 0) -> str:
    """Return the page; `message` is "", `wrong` or `wait` (so many seconds)."""
    texts = _texts()[language]
    (other,) = set(LANGUAGES) - {language}
    values = {
        **texts,
        "language": language,
        "next": goes_to,
        "other": "/login?" + urlencode({"lang": other, "next": goes_to}),
        "other_code": other,
        "message": texts[message].format(seconds=seconds) if message else "",
    }
    return _template().substitute({name: escape(value) for name, value in values.items()})


def language_of(asked: str, accepted: str) -> str:
    """Return the language asked for, else the first of ours in a header Accept-Language."""
    wanted = [asked, *(part.strip()[:2].lower() for part in accepted.split(","))]
    return next((one for one in wanted if one in LANGUAGES), LANGUAGES[0])


def local_path(asked: str) -> str:
    """Return the path to go to after the login; / where the one asked for might lead elsewhere."""
    return asked if _LOCAL_PATH.fullmatch(asked) else "/"


@cache
def _texts() -> dict[str, dict[str, str]]:
    text = (files(__package__) / "login.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, dict[str, str]])


@cache
def _template() -> Template:
    return Template((files(__package__) / "login.html").read_text("utf-8"))
