"""In which language a page answers, at the login as on the board."""

from pipeline.access.access import AnyRequest
from pipeline.common.languages import language_of

LANGUAGE_COOKIE = "nabiz_language"
"""Keeps the language that was chosen by a link."""


def language_of_request(request: AnyRequest, asked: str) -> str:
    """Return the language asked for, else the one chosen before, else what the browser accepts."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return language_of((asked, chosen), request.headers.get("accept-language", ""))
