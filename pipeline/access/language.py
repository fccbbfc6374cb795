"""Chooses the language of the login page and the board."""

from pipeline.access.access import AnyRequest
from pipeline.common.languages import language_of

LANGUAGE_COOKIE = "nabiz_language"
"""The cookie that keeps the language chosen by a link."""


def language_of_request(request: AnyRequest, wanted: str) -> str:
    """Return the wanted language, else the one chosen before, else one that the browser accepts."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return language_of((wanted, chosen), request.headers.get("accept-language", ""))
