"""The login page as text: plain HTML that needs no script, in Turkish and English."""

import re
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlencode

import msgspec


class Ways(msgspec.Struct, frozen=True):
    """What the page offers: a password, the login of a company, how to log out of the latter."""

    password: bool = True
    company: str = ""
    leave_url: str = ""


PASSWORD = Ways()
LANGUAGES = ("tr", "en")
_LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/._~%?&=+,:@-]*")


def login_page(
    language: str, goes_to: str, message: str = "", seconds: int = 0, ways: Ways = PASSWORD
) -> str:
    """Return the page; `message` is "" or one of the texts, `wait` so many seconds."""
    texts = {
        name: text.format(seconds=seconds, company=ways.company)
        for name, text in _texts()[language].items()
    }
    (other,) = set(LANGUAGES) - {language}
    values = {
        **texts,
        "language": language,
        "next": goes_to,
        "other": "/login?" + urlencode({"lang": other, "next": goes_to}),
        "other_code": other,
        "message": texts[message] if message else "",
        "company_path": "/login/oidc?" + urlencode({"next": goes_to, "lang": language}),
        "leave_url": ways.leave_url,
    }
    safe = {name: escape(value) for name, value in values.items()}
    parts = {
        "login_company.html": ways.company,
        "login_leave.html": ways.leave_url,
        "login_password.html": ways.password,
    }
    offered = [_template(name).substitute(safe) for name, there in parts.items() if there]
    return _template("login.html").substitute(safe, ways="".join(offered))


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
def _template(name: str) -> Template:
    return Template((files(__package__) / name).read_text("utf-8"))
